"""Write tables as an Excel workbook: texts as texts, never formulas; numbers and days as such; sortable."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from ledger.custody.fsma.sheets import Sheet

_EPOCH: Final = date(1899, 12, 30)
_WIDEST: Final = 48
MAX_ROWS: Final = 1_048_575
_MAX_TEXT: Final = 32_767


def write_workbook(path: Path, sheets: Sequence[Sheet]) -> None:
    """Write sheets into one file, whole or not at all.

    Raises:
        CommandError: It cannot be written, or a sheet has more rows than Excel takes.
    """
    import xlsxwriter
    from xlsxwriter.exceptions import XlsxWriterException

    long = [sheet.title for sheet in sheets if len(sheet.rows) > MAX_ROWS]
    if long:
        raise CommandError(
            ExitCode.REFUSED,
            f"the sheet {long[0]} has more than {MAX_ROWS:,} rows, which Excel does not take",
            remedy="write .csv, or ask for fewer days: --from DAY --to DAY",
        )
    fresh = path.with_name(f".{path.name}.new")
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    try:
        book = xlsxwriter.Workbook(str(fresh), options)
        formats = {
            "head": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}),
            "text": book.add_format({"num_format": "@"}),
            "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        for sheet in sheets:
            _write_sheet(book.add_worksheet(sheet.title[:31]), sheet, formats)
        book.close()
        fresh.replace(path)
    except (OSError, XlsxWriterException) as error:
        fresh.unlink(missing_ok=True)
        raise CommandError(ExitCode.FAILURE, f"{path} cannot be written: {error}") from None


def _write_sheet(worksheet: Any, sheet: Sheet, formats: dict[str, Any]) -> None:
    for column, width in enumerate(_widths(sheet)):
        worksheet.set_column(column, column, width)
    worksheet.freeze_panes(1, 0)
    last = max(1, len(sheet.rows))
    worksheet.autofilter(0, 0, last, len(sheet.head) - 1)
    worksheet.ignore_errors({"number_stored_as_text": f"A1:XFD{last + 1}"})
    worksheet.set_landscape()
    worksheet.fit_to_pages(1, 0)
    worksheet.repeat_rows(0)
    for column, name in enumerate(sheet.head):
        worksheet.write_string(0, column, name, formats["head"])
    text, day, write_string, write_number = (
        formats["text"],
        formats["day"],
        worksheet.write_string,
        worksheet.write_number,
    )
    for number, row in enumerate(sheet.rows, 1):
        for column, cell in enumerate(row):
            if cell is None:
                continue
            if isinstance(cell, str):
                write_string(number, column, cell[:_MAX_TEXT], text)
            elif isinstance(cell, date):
                write_number(number, column, (cell - _EPOCH).days, day)
            elif isinstance(cell, Decimal | int | float):
                write_number(number, column, float(cell))
            else:
                write_string(number, column, str(cell), text)


def _widths(sheet: Sheet) -> list[int]:
    """Choose widths by the heads and the first rows."""
    widths = [min(18, len(name) + 2) for name in sheet.head]
    for row in sheet.rows[:200]:
        widths = [
            max(width, min(_WIDEST, len(str(cell)) + 2)) if cell is not None else width
            for width, cell in zip(widths, row, strict=True)
        ]
    return widths
