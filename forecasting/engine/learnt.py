# SPDX-License-Identifier: Apache-2.0
"""The learnt constants: a readable file made by ``python -m forecasting.training``, read once a process."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from forecasting.engine.block import Floats


@dataclass(frozen=True)
class Learnt:
    """What one class of series has been taught.

    Attributes:
        members: names, in the order of the coefficients.
        coefficients: of the combination (`forecasting.engine.combination`), shape (K, features + 1).
        longest: horizon that they were learnt for [periods].
        scale: coefficients of the scale of the error (`forecasting.engine.spread`); empty for counts.
        edges: last step of each bucket of steps.
        table: quantiles of the scaled error, shape (buckets, levels).
        centre: for counts: coefficients of the level that the distribution lies around, shape as `coefficients`.
        dispersion: for counts: ``factor, prior, worth, empirical, steady, memory``
        (`forecasting.engine.pipeline`).
    """

    members: tuple[str, ...]
    coefficients: Floats
    longest: int
    scale: Floats
    edges: tuple[int, ...]
    table: Floats
    centre: Floats
    dispersion: Mapping[str, float]

    @property
    def counted(self) -> bool:
        """Whether demand of this class is counted, so that its quantiles are of a count distribution."""
        return bool(self.dispersion)


@cache
def read_learnt() -> Mapping[str, Learnt]:
    """Read the constants of every class."""
    text = files("forecasting.engine").joinpath("learnt.json").read_text(encoding="utf-8")
    return {name: from_plain(plain) for name, plain in json.loads(text)["classes"].items()}


def from_plain(plain: Mapping[str, object]) -> Learnt:
    """Turn the JSON of one class into arrays."""
    members = plain["members"]
    assert isinstance(members, dict)
    one = {key: value for key, value in plain.items() if key != "members"}
    return Learnt(
        tuple(members),
        np.array(list(members.values()), dtype=np.float64),
        int(str(one["longest"])),
        np.array(one.get("scale", []), dtype=np.float64),
        tuple(one.get("edges", ())),  # type: ignore[arg-type]
        np.array(one.get("table", []), dtype=np.float64),
        np.array(list(dict(one.get("centre", {})).values()), dtype=np.float64),  # type: ignore[call-overload]
        dict(one.get("dispersion", {})),  # type: ignore[call-overload]
    )


def to_plain(learnt: Learnt) -> dict[str, object]:
    """Turn arrays into the JSON of one class, numbers to four digits after the point."""
    plain: dict[str, object] = {
        "longest": learnt.longest,
        "members": _by_name(learnt.members, learnt.coefficients),
    }
    if learnt.counted:
        plain["centre"] = _by_name(learnt.members, learnt.centre)
        plain["dispersion"] = {name: round(value, 4) for name, value in learnt.dispersion.items()}
    else:
        plain["scale"] = [round(float(value), 4) for value in learnt.scale]
        plain["edges"] = list(learnt.edges)
        plain["table"] = [[round(float(value), 4) for value in row] for row in learnt.table]
    return plain


def _by_name(names: tuple[str, ...], rows: Floats) -> dict[str, list[float]]:
    return {name: [round(float(value), 4) for value in row] for name, row in zip(names, rows, strict=True)}
