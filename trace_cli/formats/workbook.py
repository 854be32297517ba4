"""Write tables as a workbook (ECMA-376, SpreadsheetML): texts as texts, never formulas; numbers and days as such.

Our own writing, because an authority may ask for 100,000 records at once, which takes XlsxWriter three times as
long (ADR 0005). Cells are written as a stream, so memory does not grow with them.
"""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import Any, Final

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode
from trace_cli.formats.answer import unturned
from trace_cli.formats.tabular import Tabular

MAX_ROWS: Final = 1_048_575
_MAX_TEXT: Final = 32_767
_EPOCH: Final = date(1899, 12, 30)
_WIDEST: Final = 48
_AT_ONCE: Final = 2_000
_MARKUP: Final = re.compile(
    "[&<>\x00-\x1f\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]|^\\s|\\s$|_x[0-9A-Fa-f]{4}_"
)
_UNFIT: Final = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]")
_NAMESPACE: Final = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_REL: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
# The styles of cells: 0 plain, 1 text, 2 day, 3 head of a column.
_STYLES: Final = (
    f"{_HEAD}<styleSheet {_NAMESPACE}>"
    '<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    "<borders><border><left/><right/><top/><bottom/><diagonal/></border></borders>"
    '<cellStyleXfs><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="4">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" '
    'applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def write_workbook(path: Path, sheets: Sequence[Tabular]) -> None:
    """Write sheets into one file, whole or not at all.

    Raises:
        CommandError: It cannot be written, or a sheet has more rows than a workbook takes.
    """
    long = [sheet.title for sheet in sheets if len(sheet.rows) > MAX_ROWS]
    if long:
        raise CommandError(
            ExitCode.REFUSED,
            f"the sheet {long[0]} has more than {MAX_ROWS:,} rows, which a workbook does not take",
            remedy="write .csv, or ask for fewer days: --from DAY --to DAY",
        )
    from ledger.chain.replacing import replacing

    try:
        with (
            replacing(path) as whole,
            zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=2) as archive,
        ):
            for name, text in _frame(sheets):
                archive.writestr(_part(name), text)
            for number, sheet in enumerate(sheets, 1):
                with archive.open(_part(f"xl/worksheets/sheet{number}.xml"), "w") as file:
                    for part in _worksheet(sheet):
                        file.write(part.encode())
    except OSError as error:
        raise CommandError(ExitCode.FAILURE, f"{path} cannot be written: {error.strerror}") from None


def _part(name: str) -> zipfile.ZipInfo:
    """Name a part of the package; without a time of its own, so that the same tables are the same bytes."""
    found = zipfile.ZipInfo(name)
    found.compress_type = zipfile.ZIP_DEFLATED
    return found


def column_name(number: int) -> str:
    """Name a column as spreadsheets do.

    >>> column_name(0), column_name(25), column_name(26), column_name(702)
    ('A', 'Z', 'AA', 'AAA')
    """
    name = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name


def _frame(sheets: Sequence[Tabular]) -> Iterator[tuple[str, str]]:
    """Write the parts of the package beside the sheets."""
    numbers = range(1, len(sheets) + 1)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{kind}.worksheet+xml"/>'
        for number in numbers
    )
    yield (
        "[Content_Types].xml",
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/>{overrides}</Types>',
    )
    yield (
        "_rels/.rels",
        f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    )
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{_REL}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in numbers
    )
    yield (
        "xl/_rels/workbook.xml.rels",
        f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{links}<Relationship '
        f'Id="rId{len(sheets) + 1}" Type="{_REL}/styles" Target="styles.xml"/></Relationships>',
    )
    listed = "".join(
        f'<sheet name="{escape(sheet.title[:31])}" sheetId="{number}" r:id="rId{number}"/>'
        for number, sheet in zip(numbers, sheets, strict=True)
    )
    names = "".join(
        f'<definedName name="_xlnm._FilterDatabase" localSheetId="{at}" hidden="1">'
        f"'{escape(sheet.title[:31], quote=False)}'!$A$1:${column_name(len(sheet.head) - 1)}${_last(sheet)}"
        "</definedName>"
        for at, sheet in enumerate(sheets)
    )
    yield (
        "xl/workbook.xml",
        f'{_HEAD}<workbook {_NAMESPACE} xmlns:r="{_REL}"><sheets>{listed}</sheets>'
        f"<definedNames>{names}</definedNames></workbook>",
    )
    yield "xl/styles.xml", _STYLES


def _last(sheet: Tabular) -> int:
    return max(2, len(sheet.rows) + 1)


def _worksheet(sheet: Tabular) -> Iterator[str]:
    """Write one sheet: its first row stays in sight, every column can be sorted and filtered."""
    columns = [column_name(number) for number in range(len(sheet.head))]
    area = f"A1:{columns[-1]}{_last(sheet)}"
    widths = "".join(
        f'<col min="{at}" max="{at}" width="{width}" customWidth="1"/>'
        for at, width in enumerate(_widths(sheet), 1)
    )
    heads = "".join(_text(f"{column}1", name, 3) for column, name in zip(columns, sheet.head, strict=True))
    yield (
        f'{_HEAD}<worksheet {_NAMESPACE}><dimension ref="{area}"/><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<cols>{widths}</cols><sheetData><row r="1">{heads}</row>'
    )
    for first in range(0, len(sheet.rows), _AT_ONCE):
        part: list[str] = []
        for number, row in enumerate(sheet.rows[first : first + _AT_ONCE], first + 2):
            part.append(f'<row r="{number}">')
            for column, cell in zip(columns, row, strict=True):
                if cell is None:
                    continue
                if type(cell) is str:
                    part.append(_text(f"{column}{number}", cell, 1))
                else:
                    part.append(_other(f"{column}{number}", cell))
            part.append("</row>")
        yield "".join(part)
    yield (
        f'</sheetData><autoFilter ref="{area}"/><pageMargins left="0.4" right="0.4" top="0.5" bottom="0.5" '
        f'header="0.3" footer="0.3"/><pageSetup orientation="landscape" fitToHeight="0"/><ignoredErrors>'
        f'<ignoredError sqref="{area}" numberStoredAsText="1"/></ignoredErrors></worksheet>'
    )


def _text(at: str, text: str, style: int) -> str:
    if _MARKUP.search(text) is None and len(text) <= _MAX_TEXT:
        return f'<c r="{at}" s="{style}" t="inlineStr"><is><t>{text}</t></is></c>'
    # A text that looks like an escape of SpreadsheetML (section 22.9.2.19) is escaped itself.
    text = unturned(text)
    kept = re.sub("_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text[:_MAX_TEXT])
    kept = _UNFIT.sub("\ufffd", kept)
    shown = escape(kept, quote=False)
    return f'<c r="{at}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{shown}</t></is></c>'


def _other(at: str, cell: Any) -> str:
    if isinstance(cell, date):
        return f'<c r="{at}" s="2"><v>{(cell - _EPOCH).days}</v></c>'
    if isinstance(cell, int | Decimal | float) and not isinstance(cell, bool):
        # A float keeps every digit; what is no number has none to show.
        if isinstance(cell, float):
            return f'<c r="{at}"><v>{cell!r}</v></c>' if math.isfinite(cell) else ""
        return f'<c r="{at}"><v>{f"{cell:f}" if isinstance(cell, Decimal) else cell}</v></c>'
    return _text(at, str(cell), 1)


def _widths(sheet: Tabular) -> list[int]:
    """Choose widths by the heads and the first rows."""
    widths = [min(18, len(name) + 2) for name in sheet.head]
    for row in sheet.rows[:200]:
        widths = [
            max(width, min(_WIDEST, len(str(cell)) + 2)) if cell is not None else width
            for width, cell in zip(widths, row, strict=True)
        ]
    return widths
