"""Write tables as one page without scripts that prints well and asks no network."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from trace_cli.formats.markup import inert
from trace_cli.formats.tabular import Tabular

_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 75rem; margin: 1.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin-top: 1.75rem; }
p { overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid #8886; }
.alert { border: 3px solid #c2410c; padding: .5rem .9rem; font-weight: 600; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .8rem; border: 1px solid #8888; padding: .6rem; }
th, td { overflow-wrap: break-word; }
th { overflow-wrap: normal; vertical-align: bottom; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
td.words { min-width: 16rem; }
@media screen and (max-width: 40rem) { .scroll > svg { max-width: none !important; width: 40rem; } }
@media print {
  body { font-size: 10pt; margin: 0; max-width: none; }
  table { font-size: 8pt; }
  td { overflow-wrap: anywhere; }
  thead { display: table-header-group; }
  tr { break-inside: avoid; }
  h2 { break-after: avoid; }
  svg, pre, .alert { break-inside: avoid; }
}
"""

_NUMBER: Final = ' class="number"'
_SENTENCE: Final = ' class="words"'
_WORDS: Final = 60  # from so many characters on a cell is a sentence, and wants room on a narrow screen


def report_page(
    title: str,
    about: Sequence[str],
    tables: Sequence[Tabular],
    *,
    pictures: Sequence[str] = (),
    alert: str | None = None,
    quoted: Sequence[tuple[str, str]] = (),
) -> str:
    """Write a page; every text in it is escaped.

    Args:
        title: Its heading.
        about: Paragraphs below that.
        tables: What it holds; an empty one is said to be empty.
        pictures: SVG elements of our own making, shown before the tables as they are.
        alert: What nobody may overlook, in a box below the heading.
        quoted: (heading, text) shown last, with every line as it is.
    """
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{inert(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>",
        f"<h1>{inert(title)}</h1>",
        *([f'<p class="alert" role="alert">{inert(alert)}</p>'] if alert else []),
        *(f"<p>{inert(line)}</p>" for line in about),
    ]
    parts += [f'<div class="scroll">{picture}</div>' for picture in pictures]
    for table in tables:
        parts.append(f"<h2>{inert(table.title)}</h2>")
        if not table.rows:
            parts.append("<p>None.</p>")
            continue
        columns = zip(table.head, zip(*table.rows, strict=True), strict=True)
        head = "".join(
            f"<th{_NUMBER if _all_numbers(column) else ''}>{inert(name)}</th>" for name, column in columns
        )
        parts.append(f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>')
        parts += [f"<tr>{''.join(map(_cell, row))}</tr>" for row in table.rows]
        parts.append("</tbody></table></div>")
    for heading, text in quoted:
        lines = "\n".join(map(inert, text.rstrip("\n").split("\n")))
        parts.append(f"<h2>{inert(heading)}</h2>\n<pre>{lines}</pre>")
    parts.append("<p>A report, not evidence: the reader has to trust whoever wrote it.</p>\n</body>\n</html>\n")
    return "\n".join(parts)


def _cell(value: Any) -> str:
    if isinstance(value, int | Decimal | float):
        return (
            f'<td class="number">{value:f}</td>'
            if isinstance(value, Decimal)
            else f'<td class="number">{value}</td>'
        )
    said = "" if value is None else str(value)
    return f"<td{_SENTENCE if len(said) > _WORDS else ''}>{inert(said)}</td>"


def _all_numbers(column: Sequence[Any]) -> bool:
    """Tell whether a heading stands over numbers, so that it is set right as they are."""
    said = [value for value in column if value is not None]
    return bool(said) and all(isinstance(value, int | Decimal | float) for value in said)
