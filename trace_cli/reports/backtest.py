"""The answer of `backtest`: JSON for programs, tables for planners, rows for spreadsheets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from trace_cli.formats.answer import say
from trace_cli.formats.csv_text import csv_text
from trace_cli.formats.table import draw_table
from trace_cli.prediction import number

SCHEMA: Final = "trace.backtest/1"
_COLUMNS: Final = (
    *("series", "mase", "mase_low", "mase_high", "rmsse", "pinball", "coverage80", "bias", "tracking_signal"),
    *("added_over_naive", "added_over_seasonal_naive"),
)


def backtest_answer(
    demand: Any, *, freq: str, horizon: int, origins: int, models: Sequence[str]
) -> dict[str, Any]:
    """Backtest a demand table and build the answer.

    Returns:
        ``frequency, horizon, origins, series_found, segments: [{kind, segment, model, ...}], steps: [{step, model,
        error, coverage80}]``.
    """
    import forecasting
    from forecasting.backtest_scores import by_step, segments, series_scores, summarise
    from forecasting.frequency import read_frequency

    levels = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
    rows = forecasting.backtest(
        demand, freq=freq, horizon=horizon, origins=origins, models=models, quantiles=levels
    )
    scores = series_scores(demand, rows, season_length=read_frequency(freq).season_length)
    named = segments(demand).set_index("unique_id")
    found = []
    for kind, by in (("all", None), ("abc", named["abc"]), ("xyz", named["xyz"]), ("class", named["class"])):
        for row in summarise(scores, by).to_dict("records"):
            found.append({"kind": kind, "segment": row["segment"], "model": row["model"], "series": row["series"]})
            found[-1] |= {name: number(row[name]) for name in _COLUMNS if name != "series"}
    steps = [
        {
            "step": int(row["step"]),
            "model": row["model"],
            "error": number(row["error"]),
            "coverage80": number(row["coverage80"]),
        }
        for row in by_step(rows).to_dict("records")
    ]
    return {
        "frequency": freq,
        "horizon": horizon,
        "origins": origins,
        "series_found": int(rows["unique_id"].nunique()),
        "segments": found,
        "steps": steps,
    }


def backtest_csv(answer: Mapping[str, Any]) -> str:
    """Write a row for each segment and model."""
    head = ["kind", "segment", "model", *_COLUMNS]
    return csv_text(head, ([row[name] for name in head] for row in answer["segments"]))


def write_backtest(answer: Mapping[str, Any]) -> None:
    """Tell people: a table of all series and segments, and the errors by step ahead."""
    if not answer["verified"]:
        say(f"UNVERIFIED: {answer.get('source') or 'this history does not hold'}")
    say(f"{answer['series_found']} series, {answer['origins']} origins, {answer['horizon']} periods ahead each.")
    say("MASE with its 90 % interval over series; added: share of the error of naive that is saved.\n")
    head = ["segment", "model", "series", "MASE", "90 %", "RMSSE", "covered 80", "bias", "signal", "added"]
    rows = [
        [
            row["segment"],
            row["model"].replace("_", " "),
            str(row["series"]),
            _text(row["mase"]),
            f"{_text(row['mase_low'])}-{_text(row['mase_high'])}",
            _text(row["rmsse"]),
            _percent(row["coverage80"]),
            _percent(row["bias"]),
            _text(row["tracking_signal"], 1),
            _percent(row["added_over_seasonal_naive"]),
        ]
        for row in answer["segments"]
    ]
    say(draw_table(head, rows, right=range(2, len(head))))
    say("\nMean absolute error over mean demand, by step ahead:\n")
    models = list(dict.fromkeys(row["model"] for row in answer["steps"]))
    steps = sorted({row["step"] for row in answer["steps"]})
    cells = {(row["step"], row["model"]): row["error"] for row in answer["steps"]}
    table = [[str(step), *(_percent(cells.get((step, model))) for model in models)] for step in steps]
    say(draw_table(["step", *(model.replace("_", " ") for model in models)], table, right=range(len(models) + 1)))


def _text(value: float | None, decimals: int = 2) -> str:
    return "-" if value is None else f"{value:.{decimals}f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value * 100:.0f} %"
