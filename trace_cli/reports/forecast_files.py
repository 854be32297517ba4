"""A forecast as a file; the suffix says which: page, workbook, table for spreadsheets or for programs, JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from ledger.chain.counting import counted
from trace_cli.formats.answer import to_json, write_file
from trace_cli.formats.tabular import Table
from trace_cli.reports.forecast import forecast_csv, levels_of, series_name

FORMATS: Final = (".html", ".xlsx", ".csv", ".parquet", ".json")
PAST_SHOWN: Final = 104
"""Periods of history on a page and in a workbook."""

History = Mapping[str, Sequence[tuple[str, float]]]


def write_forecast_file(path: Path, answer: dict[str, Any], histories: Callable[[], History], codes: Any) -> None:
    """Write a whole forecast.

    Args:
        path: its suffix is one of `FORMATS`.
        answer: The JSON answer, with all series.
        histories: Gives label and demand of the last periods of each series; asked only where they are shown.
        codes: How URIs are shortened; None: series have no product or place.

    Raises:
        CommandError: It cannot be written.
        BadArgument: Parquet without its library.
    """
    suffix = path.suffix.lower()
    if suffix == ".html":
        from trace_cli.reports.forecast_page import forecast_page

        write_file(path, forecast_page(answer, histories(), codes, proof_of(answer)))
    elif suffix == ".xlsx":
        from trace_cli.formats.workbook import write_workbook

        write_workbook(path, forecast_sheets(answer, histories(), codes))
    elif suffix == ".parquet":
        from forecasting.tables.parquet_file import write_parquet

        head, rows = tidy_rows(answer)
        write_parquet(path, head, rows, {"trace": to_json(_about(answer))})
    elif suffix == ".json":
        write_file(path, to_json(answer) + "\n")
    else:
        write_file(path, forecast_csv(answer))


def proof_of(answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Say what a forecast rests on, a name and words each."""
    explanation = answer["demand"]["explanation"]
    found = [("demand", f"{explanation[:1].upper()}{explanation[1:]}.")]
    if complete := answer["completeness"]:
        found.append(("record", f"{'; '.join(complete['words'])}."))
    if left_out := answer.get("excluded"):
        found.append(("left out", str(left_out["words"])))
    if stated := answer["checkpoint"]:
        state = f"verified, anchor {answer['anchor']['kind']}" if answer["verified"] else "NOT verified"
        found.append(("history", f"{counted(stated['size'], 'entry')} of {stated['origin']}, {state}"))
        found.append(("root", stated["root"]))
    seq = answer["decision_seq"]
    found.append(("decision", "recorded nowhere" if seq is None else f"entry {seq} of that log"))
    if digest := answer.get("output_digest"):
        found.append(("result", digest))
    return found


def tidy_rows(answer: Mapping[str, Any]) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Lay all series out with one row for each period, as programs read them."""
    levels = levels_of(answer["series"])
    names = ["unique_id", "product", "place", "unit", "ds", "mean", *(f"q{level}" for level in levels)]
    rows = [
        (
            *(one["unique_id"], one["product"], one["place"], one["unit"], point["ds"], point["mean"]),
            *(point["quantiles"][level] for level in levels),
            *(one["model"], answer["verified"]),
        )
        for one in answer["series"]
        for point in one["points"]
    ]
    return [*names, "model", "verified"], rows


def forecast_sheets(answer: Mapping[str, Any], histories: History, codes: Any) -> list[Table]:
    """Lay a forecast out as a workbook: what it rests on, the series, the periods ahead, the history."""
    about = [("frequency", answer["frequency"]), ("horizon", str(answer["horizon"]))]
    about += [("as of", answer["as_of"] or "the end of each series")]
    about += [*proof_of(answer), ("verified", "yes" if answer["verified"] else "NO: nothing proves this history")]
    head, rows = tidy_rows(answer)
    at = head.index("ds")
    ahead = [(*row[:at], _day(row[at]), *row[at + 1 : -1]) for row in rows]
    scores = ("mase", "rmsse", "coverage80", "value_added")
    series = [
        (
            *(at, series_name(one, codes), one["unique_id"], one["unit"], one["model"], one["class"]),
            *(sum(point["mean"] for point in one["points"]), *(one["accuracy"][name] for name in scores)),
            "; ".join(f"{reason['part']}: {reason['words']}" for reason in one["why"]),
            "; ".join(one["notes"]),
        )
        for at, one in enumerate(answer["series"], 1)
    ]
    past = [(name, _day(label), value) for name, rows in histories.items() for label, value in rows]
    columns = ("rank", "series", "unique_id", "unit", "model", "class", "total ahead", *scores, "why", "notes")
    return [
        Table("About", ("what", "value"), [(name, value) for name, value in about]),
        Table("Series", columns, series),
        Table("Forecast", tuple(head[:-1]), ahead),
        Table("History", ("unique_id", "ds", "y"), past),
    ]


def _about(answer: Mapping[str, Any]) -> dict[str, Any]:
    names = ("schema", "verified", "as_of", "checkpoint", "anchor", "frequency", "horizon", "decision_seq")
    return {name: answer[name] for name in names}


def _day(label: str) -> date | str:
    """Give a day as a day; an hour stays text, since a sheet has days."""
    return label if "T" in label else date.fromisoformat(label)
