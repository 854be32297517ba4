"""The answer of `backtest`: JSON for programs, tables for planners, rows for spreadsheets."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ledger.chain.counting import counted
from trace_cli.formats.answer import say
from trace_cli.formats.csv_text import csv_text
from trace_cli.formats.fitted import shown_width
from trace_cli.formats.table import draw_table
from trace_cli.prediction import number
from trace_cli.site_time import percent

SCHEMA: Final = "trace.backtest/1"
_COLUMNS: Final = (
    *("series", "mase", "mase_low", "mase_high", "rmsse", "pinball", "coverage80", "bias", "tracking_signal"),
    *("added_over_naive", "added_over_seasonal_naive", "gap_low", "gap_high"),
)


SEGMENT_HEAD: Final = (
    *("segment", "model", "series", "MASE", "90 %", "RMSSE", "covered 80", "bias", "signal"),
    *("over naive", "over seasonal"),
)
_SHOWN_HEAD: Final = ("model", "MASE", "90 %", "RMSSE", "in band", "bias", "naive", "season")
_SHOWN_CELLS: Final = (1, 3, 4, 5, 6, 7, 9, 10)
SEGMENT_COLUMNS: Final = ("kind", "segment", "model", *_COLUMNS)
_MOST_SHOWN: Final = 8


def backtest_answer(
    demand: Any,
    *,
    freq: str,
    horizon: int,
    origins: int,
    models: Sequence[str],
    told: Sequence[str] = (),
    future: Any = None,
    regressors: Sequence[str] = (),
    holidays: Sequence[str] = (),
    tell: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Backtest a demand table and build the answer.

    Args:
        demand: the table.
        freq: of the periods.
        horizon: periods ahead.
        origins: how many.
        models: to be judged beside each other.
        told: columns of the table that name segments.
        future: what had been planned, as `forecasting.backtest` takes it.
        regressors: columns known ahead.
        holidays: calendars.
        tell: told how far the work is.

    Returns:
        ``frequency, horizon, origins, series_found, segments: [{kind, segment, model, ...}], steps: [{step, model,
        error, coverage80}]``.
    """
    import forecasting
    from forecasting.backtest_scores import by_step, segments, series_scores, summarise, told_segments
    from forecasting.frequency import read_frequency

    levels = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
    rows = forecasting.backtest(
        demand,
        freq=freq,
        horizon=horizon,
        origins=origins,
        models=models,
        quantiles=levels,
        future=future,
        regressors=regressors,
        holidays=holidays,
        tell=tell,
    )
    scores = series_scores(demand, rows, season_length=read_frequency(freq).season_length)
    named = segments(demand).set_index("unique_id")
    found = []
    kinds = {"all": None, **{kind: named[kind] for kind in ("abc", "xyz", "class", "size")}}
    for kind, by in {**kinds, **told_segments(demand, told)}.items():
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
        "regressors": list(regressors),
        "holidays": list(holidays),
        "series_found": int(rows["unique_id"].nunique()),
        "segments": found,
        "steps": steps,
    }


def backtest_csv(answer: Mapping[str, Any]) -> str:
    """Write a row for each segment and model."""
    return csv_text(SEGMENT_COLUMNS, ([row[name] for name in SEGMENT_COLUMNS] for row in answer["segments"]))


def write_backtest(answer: Mapping[str, Any]) -> None:
    """Tell people: a table of all series and segments, and the errors by step ahead."""
    if not answer["verified"]:
        say(f"UNVERIFIED: {answer.get('source') or 'this history does not hold'}")
    say(
        f"{counted(answer['series_found'], 'series')}, {counted(answer['origins'], 'origin')}, "
        f"{counted(answer['horizon'], 'period')} ahead each."
    )
    words = (
        "MASE with its 90 % interval over series; in band: share inside the 80 % band; bias: of the mean; naive, "
        "season: share of the error of the naive and the seasonal naive forecast that is saved."
    )
    say(textwrap.fill(words, shown_width()) + "\n")
    rows = shown_segments(answer["segments"])
    titles = {}
    for at, row in enumerate(rows):
        if at == 0 or (row["kind"], row["segment"]) != (rows[at - 1]["kind"], rows[at - 1]["segment"]):
            titles[at] = f"{_title(row)} ({counted(row['series'], 'series')})"
    lines = [[segment_cells(row)[cell] for cell in _SHOWN_CELLS] for row in rows]
    say(draw_table(_SHOWN_HEAD, lines, right=range(1, len(_SHOWN_HEAD)), indent="  ", titles=titles))
    if len(rows) < len(answer["segments"]):
        say(f"\nThe largest {_MOST_SHOWN} segments of each kind (-o FILE has all).")
    say("")
    for line in fairness_lines(answer["segments"]):
        for wrapped in textwrap.wrap(line, 79, subsequent_indent="  "):
            say(wrapped)
    say("\nMean absolute error over mean demand, by step ahead:\n")
    models = list(dict.fromkeys(row["model"] for row in answer["steps"]))
    steps = sorted({row["step"] for row in answer["steps"]})
    cells = {(row["step"], row["model"]): row["error"] for row in answer["steps"]}
    table = [[str(step), *(percent(cells.get((step, model))) for model in models)] for step in steps]
    say(draw_table(["step", *(model.replace("_", " ") for model in models)], table, right=range(len(models) + 1)))


def shown_segments(segments: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Choose what people are shown: of each kind the segments with most series."""
    kept = set()
    for kind in dict.fromkeys(row["kind"] for row in segments):
        sizes = {row["segment"]: row["series"] for row in segments if row["kind"] == kind}
        largest = sorted(sizes, key=lambda name: -sizes[name])[:_MOST_SHOWN]
        kept |= {(kind, name) for name in largest}
    return [row for row in segments if (row["kind"], row["segment"]) in kept]


def segment_cells(row: Mapping[str, Any]) -> list[str]:
    """Write a segment as the cells below `SEGMENT_HEAD`."""
    name = (
        row["segment"] if row["kind"] in ("all", "abc", "xyz", "class", "size") else f"{row['kind']} {_short(row)}"
    )
    return [
        name,
        row["model"].replace("_", " "),
        str(row["series"]),
        _text(row["mase"]),
        "-" if row["mase_low"] is None else f"{_text(row['mase_low'])}-{_text(row['mase_high'])}",
        _text(row["rmsse"]),
        percent(row["coverage80"]),
        percent(row["bias"]),
        _text(row["tracking_signal"], 1),
        percent(row["added_over_naive"]),
        percent(row["added_over_seasonal_naive"]),
    ]


def fairness_lines(segments: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say in which segments the first model does surely worse than elsewhere, and better."""
    first = segments[0]["model"] if segments else ""
    lines = []
    for end, word in (("gap_low", "larger"), ("gap_high", "smaller")):
        for row in segments:
            value = row[end]
            if row["model"] != first or value is None or (value <= 0 if word == "larger" else value >= 0):
                continue
            low, high = sorted((abs(row["gap_low"]), abs(row["gap_high"])))
            lines.append(
                f"{row['kind']} {_short(row)}: errors {low * 100:.0f} to {high * 100:.0f} % {word} than elsewhere "
                f"({counted(row['series'], 'series')}, 90 % interval)."
            )
    return lines or ["No segment has surely larger or smaller errors than the rest (90 % intervals)."]


def _title(row: Mapping[str, Any]) -> str:
    """Name a segment so that one knows what its kind is."""
    return {
        "all": "all series",
        "abc": f"{row['segment']}, by share of demand",
        "xyz": f"{row['segment']}, by evenness",
    }.get(row["kind"], f"{row['kind']} {_short(row)}")


def _short(row: Mapping[str, Any]) -> str:
    return str(row["segment"]).rsplit("/", 1)[-1]


def _text(value: float | None, decimals: int = 2) -> str:
    return "-" if value is None else f"{value:.{decimals}f}"
