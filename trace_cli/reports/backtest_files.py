"""A backtest as a file; the suffix says which: page, workbook, table for spreadsheets or for programs, JSON."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ledger.chain.counting import counted
from trace_cli.formats.answer import to_json, write_file
from trace_cli.formats.tabular import Table
from trace_cli.reports.backtest import (
    SEGMENT_COLUMNS,
    SEGMENT_HEAD,
    backtest_csv,
    fairness_lines,
    segment_cells,
    shown_segments,
)

FORMATS: Final = (".html", ".xlsx", ".csv", ".parquet", ".json")


def write_backtest_file(path: Path, answer: dict[str, Any]) -> None:
    """Write a whole backtest; the suffix is one of `FORMATS`.

    Raises:
        CommandError: It cannot be written.
        BadArgument: Parquet without its library.
    """
    suffix = path.suffix.lower()
    if suffix == ".json":
        write_file(path, to_json(answer) + "\n")
    elif suffix == ".csv":
        write_file(path, backtest_csv(answer))
    elif suffix == ".parquet":
        from forecasting.tables.parquet_file import write_parquet

        about = {name: answer[name] for name in ("schema", "verified", "checkpoint", "frequency", "horizon")}
        rows = [tuple(row[name] for name in SEGMENT_COLUMNS) for row in answer["segments"]]
        write_parquet(path, SEGMENT_COLUMNS, rows, {"trace": to_json(about)})
    elif suffix == ".xlsx":
        from trace_cli.formats.workbook import write_workbook

        words = Table("About", ("what",), [(line,) for line in _about(answer)])
        write_workbook(path, [words, _segments(answer), _steps(answer)])
    else:
        from trace_cli.formats.report_page import report_page

        cells = [tuple(segment_cells(row)) for row in shown_segments(answer["segments"])]
        tables = [Table("Segments", SEGMENT_HEAD, cells), _steps(answer)]
        write_file(path, report_page("What the forecasts would have been worth", _about(answer), tables))


def _about(answer: Mapping[str, Any]) -> list[str]:
    stated = answer["checkpoint"]
    basis = f"UNVERIFIED: {answer.get('source') or 'this history does not hold'}."
    if stated and answer["verified"]:
        basis = (
            f"Verified history: {counted(stated['size'], 'entry')} of {stated['origin']}, root {stated['root']}."
        )
    known = [*answer["regressors"], *(f"holidays of {name}" for name in answer["holidays"])]
    return [
        f"{counted(answer['series_found'], 'series')}, {counted(answer['origins'], 'origin')}, "
        f"{answer['horizon']} periods "
        f"({answer['frequency']}) ahead of each.",
        basis,
        *([f"Known ahead: {', '.join(known)}; combination is the same engine without."] if known else []),
        "MASE with its 90 % interval over series. Over naive, over seasonal: share of the error of repeating the "
        "last period, and the last season, that is saved. Bias above 0: forecasts are too high. Signal: summed "
        "error over mean absolute error; beyond 4 either way the bias is no accident.",
        *fairness_lines(answer["segments"]),
    ]


def _segments(answer: Mapping[str, Any]) -> Table:
    rows = [tuple(row[name] for name in SEGMENT_COLUMNS) for row in answer["segments"]]
    return Table("Segments", SEGMENT_COLUMNS, rows)


def _steps(answer: Mapping[str, Any]) -> Table:
    head = ("step", "model", "error", "coverage80")
    rows = [tuple(_short(row[name]) for name in head) for row in answer["steps"]]
    return Table("By step ahead", head, rows)


def _short(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else value
