# SPDX-License-Identifier: Apache-2.0
"""A clean log into which labelled fraud is put, kind by kind, each change of an event followed by its record.

A record follows its event by the same lag as before, so that no kind gives itself away by the lag, except those
that are about it (back-dating, a clock ahead).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

STEPS = (
    ("commissioning", "approved_at", "seller"),
    ("shipping", "carrier_at", "seller"),
    ("receiving", "delivered_at", "customer"),
)


def read_log(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Make the events of delivered items, three each."""
    parts = []
    for step, column, who in STEPS:
        place = table[f"{who}_zip"]
        parts.append(
            pd.DataFrame(
                {
                    "event_time": pd.to_datetime(table[column], utc=True),
                    "step": step,
                    "place": place,
                    "item": table["item_id"],
                    "lot": table["seller"] + ":" + table["sku"],
                    "quantity": 1.0,
                    "destination": table["customer_zip"],
                    "party": table["seller"] if who == "seller" else table["customer_zip"],
                }
            )
        )
    log = pd.concat(parts, ignore_index=True)
    lag = pd.to_timedelta(rng.gamma(1.2, 600, len(log)), unit="s")
    return log.assign(record_time=log["event_time"] + lag)


@dataclass
class Injector:
    """Puts fraud into a log; no item gets two kinds.

    Attributes:
        log: The log, changed step by step.
        labels: The items of each kind.
    """

    log: pd.DataFrame
    rng: np.random.Generator
    each: int
    labels: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._free = list(self.rng.permutation(self.log["item"].unique()))
        self._places = self.log["place"].unique()
        self._parties = self.log.loc[self.log["step"] == "shipping", "party"].unique()

    def run(self) -> pd.DataFrame:
        """Put in every kind and give the log with its entries numbered as they were recorded."""
        kinds: dict[str, Callable[[list[str]], set[str]]] = {
            "clone received elsewhere": self._clone,
            "replay": self._replay,
            "unknown serial": lambda items: self._drop(items, "commissioning"),
            "missing shipment": lambda items: self._drop(items, "shipping"),
            "received before shipped": lambda items: self._retime(items, -1.0, -24.0),
            "too fast": lambda items: self._retime(items, 0.2, 2.0),
            "journey x4": lambda items: self._stretch(items, 4.0),
            "journey x2": lambda items: self._stretch(items, 2.0),
            "wrong custodian": lambda items: self._set(items, "shipping", "party", self._parties),
            "diversion": lambda items: self._set(items, "receiving", "place", self._places),
            "quantity gain": lambda items: self._set(items, "receiving", "quantity", np.array([2.0, 3.0, 5.0])),
            "quantity loss": lambda items: self._set(items, "receiving", "quantity", np.array([0.0])),
            "back-dated": lambda items: self._relag(items, "shipping", 72, 720),
            "clock ahead": lambda items: self._relag(items, "receiving", -240, -48),
            "stamps at equal gaps": self._metronome,
            "re-entry": self._again,
            "ghost chain": self._ghost,
        }
        for kind, put in kinds.items():
            items, self._free = self._free[: self.each], self._free[self.each :]
            self.labels[kind] = put(items)
        log = self.log.sort_values("record_time", kind="stable", ignore_index=True)
        return log.assign(seq=np.arange(len(log)))

    def _rows(self, items: list[str], step: str) -> pd.Index:
        return self.log.index[self.log["item"].isin(items) & (self.log["step"] == step)]

    def _draw(self, low: float, high: float, size: int) -> pd.TimedeltaIndex:
        return pd.to_timedelta(self.rng.uniform(low, high, size), unit="h")

    def _move(self, rows: pd.Index, times: pd.Series) -> None:
        lag = self.log.loc[rows, "record_time"] - self.log.loc[rows, "event_time"]
        self.log.loc[rows, "event_time"] = times
        self.log.loc[rows, "record_time"] = times + lag

    def _shipped(self, rows: pd.Index) -> pd.Series:
        shipped = self.log[self.log["step"] == "shipping"].drop_duplicates("item").set_index("item")["event_time"]
        return self.log.loc[rows, "item"].map(shipped)

    def _add(self, events: pd.DataFrame) -> None:
        self.log = pd.concat([self.log, events], ignore_index=True)

    def _copy(self, items: list[str], step: str, low: float, high: float) -> pd.DataFrame:
        rows = self.log.loc[self._rows(items, step)]
        shift = self._draw(low, high, len(rows))
        return rows.assign(event_time=rows["event_time"] + shift, record_time=rows["record_time"] + shift)

    def _clone(self, items: list[str]) -> set[str]:
        copies = self._copy(items, "receiving", 24, 480)
        self._add(copies.assign(place=self.rng.choice(self._places, len(copies))))
        return set(items)

    def _replay(self, items: list[str]) -> set[str]:
        self._add(self._copy(items, "receiving", 2, 72))
        return set(items)

    def _drop(self, items: list[str], step: str) -> set[str]:
        self.log = self.log.drop(self._rows(items, step)).reset_index(drop=True)
        return set(items)

    def _retime(self, items: list[str], low: float, high: float) -> set[str]:
        rows = self._rows(items, "receiving")
        self._move(rows, self._shipped(rows) + self._draw(min(low, high), max(low, high), len(rows)))
        return set(items)

    def _stretch(self, items: list[str], factor: float) -> set[str]:
        rows = self._rows(items, "receiving")
        start = self._shipped(rows)
        self._move(rows, start + (self.log.loc[rows, "event_time"] - start) * factor)
        return set(items)

    def _set(self, items: list[str], step: str, column: str, values: np.ndarray) -> set[str]:
        rows = self._rows(items, step)
        self.log.loc[rows, column] = self.rng.choice(values, len(rows))
        return set(items)

    def _relag(self, items: list[str], step: str, low: float, high: float) -> set[str]:
        rows = self._rows(items, step)
        self.log.loc[rows, "record_time"] = self.log.loc[rows, "event_time"] + self._draw(low, high, len(rows))
        return set(items)

    def _metronome(self, items: list[str]) -> set[str]:
        rows = self._rows(items, "shipping")
        start = self.log.loc[rows, "event_time"].median().floor("h")
        times = pd.Series(start + pd.to_timedelta(np.arange(len(rows)) * 60, unit="s"), index=rows)
        self._move(rows, times)
        return set(items)

    def _again(self, items: list[str]) -> set[str]:
        received = self.log.loc[self._rows(items, "receiving")].set_index("item")["event_time"]
        sent = self.log.loc[self._rows(items, "shipping")]
        times = sent["item"].map(received) + self._draw(24, 240, len(sent))
        self._add(sent.assign(event_time=times, record_time=times + pd.Timedelta(minutes=5)))
        return set(items)

    def _ghost(self, items: list[str]) -> set[str]:
        chain = self.log[self.log["item"].isin(items)]
        noise = self._draw(0, 1, len(chain))
        shift = chain["item"].map(dict(zip(items, self._draw(24, 216, len(items)), strict=True)))
        self._add(
            chain.assign(
                item="G" + chain["item"],
                event_time=chain["event_time"] + shift + noise,
                record_time=chain["record_time"] + shift + noise,
            )
        )
        return {f"G{item}" for item in items}
