# SPDX-License-Identifier: Apache-2.0
"""What a backtest says: measures by series, by step ahead and by segment, always beside the naive forecasts.

A segment in which errors are larger than elsewhere is told with an interval of that difference, so that unfairness
is seen and not imagined. Segments: the halves of small and large series by total demand; whatever the table says
of a series (place, supplier, category); ABC by share of the total demand (A the products that make 80 %, B up to
95 %, C the rest), XYZ by the coefficient of variation of demand (X below 0.5, Y below 1, Z from 1), and the
classes of Syntetos and Boylan.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.demand_class import classify_demand

Floats = npt.NDArray[np.float64]

MEASURES = ("mase", "rmsse", "pinball", "coverage80", "bias", "tracking_signal")
"""Columns of `series_scores`; pinball is scaled as in the M5 competition, bias is over the mean of the history."""

ABC = ((0.8, "A"), (0.95, "B"), (1.01, "C"))
XYZ = ((0.5, "X"), (1.0, "Y"), (np.inf, "Z"))

_DRAWS = 400


def segments(demand: pd.DataFrame) -> pd.DataFrame:
    """Give ``unique_id, abc, xyz, class`` of every series.

    Args:
        demand: columns ``unique_id, ds, y``.
    """
    grouped = demand.groupby("unique_id", sort=False)["y"]
    total = grouped.sum()
    before = total.sort_values(ascending=False, kind="stable").cumsum().shift(1, fill_value=0.0) / max(
        total.sum(), 1e-12
    )
    abc = before.map(lambda share: next(name for limit, name in ABC if share < limit))
    variation = (grouped.std(ddof=0) / grouped.mean().where(lambda mean: mean > 0)).fillna(np.inf)
    xyz = variation.map(lambda value: next(name for limit, name in XYZ if value < limit or limit == np.inf))
    kinds = grouped.apply(lambda y: classify_demand(y.to_numpy(dtype=float)))
    return pd.DataFrame(
        {
            "unique_id": total.index,
            "abc": abc.reindex(total.index).to_numpy(),
            "xyz": xyz.to_numpy(),
            "class": kinds.to_numpy(),
            "size": np.where(total.to_numpy() > total.median(), "large", "small"),
        }
    )


def told_segments(demand: pd.DataFrame, names: Sequence[str]) -> dict[str, "pd.Series[str]"]:
    """Give the segments that columns of a table name.

    Args:
        demand: columns ``unique_id`` and `names`.
        names: columns with a text, the same in all rows of a series.

    Returns:
        By column, the segment of each series indexed by ``unique_id``; missing texts are the segment ``unknown``.
        Columns that are not the same all along a series, or tell nothing apart, are left out.
    """
    found = {}
    for name in names:
        texts = demand[name].astype(object).where(demand[name].notna(), "unknown").astype(str)
        grouped = texts.groupby(demand["unique_id"].astype(str), sort=False)
        first = grouped.first()
        if bool((grouped.nunique() == 1).all()) and 1 < first.nunique() < len(first):
            found[name] = first
    return found


def series_scores(demand: pd.DataFrame, rows: pd.DataFrame, *, season_length: int) -> pd.DataFrame:
    """Score every series and model over its origins.

    Args:
        demand: the table that was backtested.
        rows: from `forecasting.backtest`, with the quantiles 0.1 and 0.9 among others.
        season_length: lag of MASE [periods].

    Returns:
        ``unique_id, model, *MEASURES``, a row for each series and model; NaN where there is no scale. The
        scales are
        those of the history before the first origin; the tracking signal is the sum of the errors (forecast -
        actual)
        over their mean absolute size.
    """
    first = rows.groupby("unique_id", sort=False)["origin"].min()
    merged = demand[["unique_id", "ds", "y"]].merge(first.rename("first"), left_on="unique_id", right_index=True)
    past = merged[merged["ds"] <= merged["first"]]
    scales = past.groupby("unique_id", sort=False)["y"].apply(
        lambda y: _scales(y.to_numpy(dtype=float), season_length)
    )
    levels = [name for name in rows.columns if name.startswith("q")]
    table = rows.assign(error=rows["mean"] - rows["y"])
    table["absolute"] = table["error"].abs()
    table["squared"] = table["error"] ** 2
    loss = [
        np.maximum(float(q[1:]) * (rows["y"] - rows[q]), (float(q[1:]) - 1) * (rows["y"] - rows[q]))
        for q in levels
    ]
    table["loss"] = np.mean(loss, axis=0) if loss else np.nan
    covered = {"q0.1", "q0.9"} <= set(levels)
    table["inside"] = (
        ((rows["y"] >= rows["q0.1"]) & (rows["y"] <= rows["q0.9"])).astype(float) if covered else np.nan
    )
    found = table.groupby(["unique_id", "model"], sort=False)[
        ["error", "absolute", "squared", "loss", "inside"]
    ].mean()
    count = table.groupby(["unique_id", "model"], sort=False).size()
    scale = np.array([scales[name] for name, _ in found.index])
    return pd.DataFrame(
        {
            "unique_id": found.index.get_level_values(0),
            "model": found.index.get_level_values(1),
            "mase": found["absolute"].to_numpy() / scale[:, 0],
            "rmsse": np.sqrt(found["squared"].to_numpy()) / scale[:, 1],
            "pinball": found["loss"].to_numpy() / scale[:, 2],
            "coverage80": found["inside"].to_numpy(),
            "bias": found["error"].to_numpy() / scale[:, 3],
            "tracking_signal": (
                found["error"] * count / found["absolute"].where(found["absolute"] > 0)
            ).to_numpy(),
        }
    )


def summarise(scores: pd.DataFrame, by: "pd.Series[str] | None", *, seed: int = 0) -> pd.DataFrame:
    """Average the measures by model and segment, with intervals over series.

    Args:
        scores: from `series_scores`.
        by: segment of each series, indexed by ``unique_id``; None: all series are one segment, ``all``.
        seed: of the bootstrap.

    Returns:
        ``segment, model, series, *MEASURES, mase_low, mase_high, gap_low, gap_high, added_over_naive,
        added_over_seasonal_naive``: the ends of the 90 % bootstrap intervals of MASE and of MASE over that of all
        other segments, less one; and 1 - MASE over that of the naive forecasts (NaN where these were not
        backtested).
    """
    table = scores.assign(segment="all" if by is None else scores["unique_id"].map(by))
    rows = []
    for segment, part in table.groupby("segment", sort=True):
        mase = part.pivot(index="unique_id", columns="model", values="mase").dropna()
        draws = np.random.default_rng(seed).integers(0, max(len(mase), 1), (_DRAWS, max(len(mase), 1)))
        for model, ours in part.groupby("model", sort=False):
            sample = mase[model].to_numpy()[draws].mean(axis=1) if len(mase) else np.array([np.nan])
            low, high = np.quantile(sample, (0.05, 0.95)) if len(mase) else (np.nan, np.nan)
            row = {"segment": segment, "model": model, "series": len(ours)}
            row |= {name: float(ours[name].mean()) for name in MEASURES}
            row |= {"mase_low": float(low), "mase_high": float(high)}
            others = table[(table["model"] == model) & (table["segment"] != segment)]["mase"].dropna()
            row |= dict(zip(("gap_low", "gap_high"), _gap(ours["mase"].dropna(), others, seed), strict=True))
            for other in ("naive", "seasonal_naive"):
                known = other in mase.columns and len(mase) and mase[other].mean() > 0
                row[f"added_over_{other}"] = (
                    float(1 - mase[model].mean() / mase[other].mean()) if known else float("nan")
                )
            rows.append(row)
    return pd.DataFrame(rows)


def _gap(ours: "pd.Series[float]", others: "pd.Series[float]", seed: int) -> tuple[float, float]:
    """Give the 90 % bootstrap interval of the mean of a segment over that of all other series, less one."""
    if len(ours) < 2 or len(others) < 2 or float(others.mean()) <= 0:
        return float("nan"), float("nan")
    generator = np.random.default_rng(seed)
    means = [
        one.to_numpy()[generator.integers(0, len(one), (_DRAWS, len(one)))].mean(axis=1) for one in (ours, others)
    ]
    low, high = np.quantile(means[0] / np.maximum(means[1], 1e-12) - 1, (0.05, 0.95))
    return float(low), float(high)


def by_step(rows: pd.DataFrame) -> pd.DataFrame:
    """Give ``step, model, error, coverage80``: the mean absolute error over the mean demand, for each step
    ahead."""
    table = rows.assign(absolute=(rows["mean"] - rows["y"]).abs())
    inside = (
        (rows["y"] >= rows["q0.1"]) & (rows["y"] <= rows["q0.9"]) if "q0.1" in rows and "q0.9" in rows else np.nan
    )
    table = table.assign(inside=inside)
    found = table.groupby(["step", "model"], sort=False)[["absolute", "y", "inside"]].mean().reset_index()
    error = found["absolute"] / found["y"].abs().where(found["y"].abs() > 0)
    return pd.DataFrame(
        {"step": found["step"], "model": found["model"], "error": error, "coverage80": found["inside"]}
    )


def _scales(y: Floats, season_length: int) -> tuple[float, float, float, float]:
    lag = season_length if len(y) > season_length else 1
    changes = np.diff(y[np.flatnonzero(y)[0] :] if y.any() else y)
    seasonal = float(np.abs(y[lag:] - y[:-lag]).mean()) if len(y) > lag else np.nan
    root = float(np.sqrt((changes**2).mean())) if len(changes) else np.nan
    absolute = float(np.abs(changes).mean()) if len(changes) else np.nan
    mean = float(np.abs(y).mean())
    found = tuple(value if value and value > 0 else float("nan") for value in (seasonal, root, absolute, mean))
    return found[0], found[1], found[2], found[3]
