"""Forecasts of series that somebody brings in a file: the same answer, marked unverified, recorded nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trace_cli.progress import Progress


def forecast_file(
    series: Path,
    future: Path | None,
    *,
    holidays: Sequence[str],
    freq: str,
    horizon: int,
    levels: Sequence[float],
    engine: str,
    seed: int,
    progress: Progress,
) -> tuple[dict[str, Any], dict[str, list[tuple[str, float]]]]:
    """Forecast the series of a file.

    Args:
        series: ``.csv`` or ``.parquet`` with ``unique_id, ds, y``.
        future: the same with the future of regressors; its further columns name them.
        holidays: names of calendars.
        freq: period.
        horizon: periods ahead.
        levels: of the quantiles.
        engine: as `forecasting.forecast`.
        seed: recorded.
        progress: told what is going on.

    Returns:
        The JSON answer, and the last periods of each series for charts.

    Raises:
        BadTable, BadArgument, NotEnoughHistory: as `forecasting.forecast`.
    """
    from forecasting.asked_demand import AskedDemand, AskedSeries
    from forecasting.decisions import output_digest
    from forecasting.demand_forecast import forecast_with_accuracy
    from forecasting.errors import BadTable
    from forecasting.known_regressors import regressor_names
    from forecasting.tables.demand import DemandChoice
    from forecasting.tables.own_series import read_series_file
    from trace_cli.reports.forecast import SCHEMA, histories_of, series_answers
    from trace_cli.reports.forecast_files import PAST_SHOWN

    table = read_series_file(series)
    ahead = None if future is None else read_series_file(future, ("unique_id", "ds"))
    names = [] if ahead is None else regressor_names(ahead)
    if ahead is not None and not names:
        raise BadTable(f"{future}: expected a column for each regressor beside unique_id and ds, got none")
    progress.say("fitting models")
    result = forecast_with_accuracy(
        table,
        freq=freq,
        horizon=horizon,
        quantiles=levels,
        future=ahead if names else None,
        regressors=names,
        holidays=holidays,
        engine=engine,
        seed=seed,
        tell=progress.bar,
    )
    totals = table.groupby("unique_id", sort=False)["y"].sum()
    asked_series = tuple(
        AskedSeries(str(name), None, None, (None,), float(total)) for name, total in totals.items()
    )
    choice = DemandChoice((), "own", f"the column y of {series.name}")
    asked = AskedDemand(table, asked_series, choice, len(asked_series), True)
    answer: dict[str, Any] = {
        "schema": SCHEMA,
        "verified": False,
        "as_of": None,
        "checkpoint": None,
        "anchor": None,
        "demand": {"steps": [], "rule": choice.rule, "explanation": choice.explanation},
        "completeness": None,
        "frequency": freq,
        "horizon": horizon,
        "series_found": len(asked_series),
        "series": series_answers(asked, result, freq),
        "output_digest": output_digest(result.points),
        "decision_seq": None,
    }
    return answer, histories_of(table, freq, PAST_SHOWN)
