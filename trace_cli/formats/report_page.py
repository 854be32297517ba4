"""Write tables as one page without scripts that prints well and asks no network."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from trace_cli.formats.markup import inert
from trace_cli.formats.workbook import Tabular

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
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
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
        head = "".join(f"<th>{inert(name)}</th>" for name in table.head)
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
    return f"<td>{'' if value is None else inert(str(value))}</td>"
