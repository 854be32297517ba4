"""A forecast as one page: a picture, the words for why and the numbers of each series, and what proves them.

The page asks no network and runs no script. It is a report, not evidence: it says where the evidence lies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from trace_cli.formats.band_picture import PICTURE_STYLE, Step, draw_bands
from trace_cli.formats.chart import figure
from trace_cli.formats.markup import inert
from trace_cli.reports.forecast import (
    band_name,
    decimals_for,
    label_meaning,
    level_name,
    levels_of,
    model_words,
    outline,
    period_name,
    plural,
    point_reader,
    series_name,
    unit_of,
)

MOST_SERIES: Final = 300
"""Series that a page shows in full: beyond that it is too heavy for a phone; other formats hold all of them."""

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #16202a; --soft: #5b6773; --rule: #dfe4e8; --paper: #fff;
  --shade: #f5f7f8; --accent: #0f6fa8; --warn: #9a3412; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8edf1; --soft: #9aa7b2; --rule: #2c363f; --paper: #12181d;
  --shade: #1a2229; --accent: #5cb6ea; --warn: #fdba74; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 48rem;
  margin: 0 auto; padding: 1.5rem 1.1rem 3rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .3rem; letter-spacing: -.01em; }
h2 { font-size: 1.15rem; margin: 2.6rem 0 .1rem; overflow-wrap: anywhere; }
h2 .unit { color: var(--soft); font-weight: 400; }
p { margin: .35rem 0; overflow-wrap: anywhere; }
.soft, figcaption { color: var(--soft); font-size: .9rem; }
.warning { color: var(--warn); font-weight: 600; border-left: 4px solid var(--warn); padding: .2rem .8rem; }
.facts { background: var(--shade); border-radius: .6rem; padding: .7rem 1rem; margin: 1.1rem 0; }
dl { margin: 0; display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; font-size: .92rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: .9rem 0 .3rem; }
figcaption { display: flex; flex-wrap: wrap; gap: .1rem 1.2rem; }
figcaption i { display: inline-block; width: 1.4em; height: .7em; margin-right: .4em; }
.key-past { border-bottom: 2px solid var(--ink); transform: translateY(-.35em); }
.key-middle { border-bottom: 3px solid var(--accent); transform: translateY(-.35em); }
.key-band { background: var(--accent); opacity: .3; }
.why { margin: .8rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
th { color: var(--soft); font-weight: 500; text-align: right; vertical-align: bottom; }
td { text-align: right; white-space: nowrap; }
th, td { padding: .28rem 0 .28rem 1.1rem; border-bottom: 1px solid var(--rule); }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
td.name { white-space: normal; overflow-wrap: anywhere; min-width: 8rem; }
a { color: inherit; text-decoration-color: var(--rule); text-underline-offset: .2em; }
code { font: .88em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
footer { margin-top: 3rem; border-top: 1px solid var(--rule); padding-top: .6rem; }
@media (max-width: 560px) { body { padding-top: 1rem; } dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .4rem; } th, td { padding-left: .6rem; } td.name { min-width: 6.5rem; } }
@media print { :root { color-scheme: light; --ink: #000; --soft: #444; --rule: #bbb; --paper: #fff; --shade: #fff;
  --accent: #0b5c8c; --warn: #000; }
  body { font-size: 10pt; max-width: none; padding: 0; } .facts { border: 1px solid var(--rule); }
  section { break-before: page; } section:first-of-type { break-before: auto; }
  figure, tr { break-inside: avoid; } thead { display: table-header-group; } }
"""


def forecast_page(
    answer: Mapping[str, Any],
    histories: Mapping[str, Sequence[tuple[str, float]]],
    codes: Any,
    proof: Sequence[tuple[str, str]],
) -> str:
    """Write the page; every text in it is escaped.

    Args:
        answer: The JSON answer, with all series.
        histories: For each series, label and demand of its last periods.
        codes: How URIs are shortened; None: series have no product or place.
        proof: What the numbers rest on: a name and words each.
    """
    series = answer["series"]
    period = period_name(answer["frequency"])
    shown = series[:MOST_SERIES]
    title = f"Demand of the next {plural(answer['horizon'], period)}"
    facts = "".join(f"<dt>{inert(name)}</dt><dd>{inert(words)}</dd>" for name, words in proof)
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{inert(title)}</title>\n<style>{_STYLE}{PICTURE_STYLE}</style>\n</head>\n<body>",
        f"<header><h1>{inert(title)}</h1>",
    ]
    if answer["as_of"]:
        parts.append(f'<p class="soft">As known on {inert(answer["as_of"][:16].replace("T", " "))} UTC</p>')
    if not answer["verified"]:
        parts.append('<p class="warning">UNVERIFIED: these numbers rest on a history that nothing proves.</p>')
    parts += [
        "</header>",
        _overview(shown, codes, period, len(series)),
        f'<div class="facts"><dl>{facts}</dl></div>',
    ]
    parts += [_section(at, one, histories.get(one["unique_id"], ()), codes) for at, one in enumerate(shown, 1)]
    parts.append(_footer(answer, len(series) - len(shown)))
    return "\n".join([*parts, "</body>\n</html>\n"])


def _overview(series: Sequence[Mapping[str, Any]], codes: Any, period: str, count: int) -> str:
    names = list(dict.fromkeys(outline(levels_of(series))))
    head = ["", *map(level_name, names), plural(len(series[0]["points"]), period)]
    head[1] = f"next {period} {head[1]}"
    rows = []
    for at, one in enumerate(series, 1):
        values = [point_reader(name)(one["points"][0]) for name in names]
        total = sum(point["mean"] for point in one["points"])
        figures = [figure(value, decimals_for(values)) for value in values]
        cells = "".join(f"<td>{cell}</td>" for cell in (*figures, figure(total, decimals_for([total]))))
        link = f'<a href="#s{at}">{inert(series_name(one, codes))}</a>'
        unit = f'<span class="soft">{inert(unit_of(one))}</span>'
        rows.append(f'<tr><td class="name">{link} {unit}</td>{cells}</tr>')
    more = "" if count == len(series) else f'<p class="soft">The {len(series)} largest of {count:,} series.</p>'
    return _table(head, rows) + more


def _section(at: int, one: Mapping[str, Any], history: Sequence[tuple[str, float]], codes: Any) -> str:
    period, unit, name = period_name(one["frequency"]), unit_of(one), series_name(one, codes)
    levels = levels_of([one])
    names = outline(levels)
    middle = point_reader(names[1])
    steps = [
        Step(point["ds"], tuple(point["quantiles"][level] for level in levels), middle(point))
        for point in one["points"]
    ]
    title = f"{name}: the last {plural(len(history), period)} and the {plural(len(steps), period)} ahead"
    keys = [("past", f"last {plural(len(history), period)}"), ("middle", level_name(names[1]))]
    if len(levels) > 1:
        keys.append(("band", band_name(names)))
    legend = "".join(f'<span><i class="key-{kind}"></i>{inert(words)}</span>' for kind, words in keys)
    why = "".join(f"<dt>{inert(reason['part'])}</dt><dd>{inert(reason['words'])}.</dd>" for reason in one["why"])
    columns = ["mean", *levels]
    readers = [point_reader(level) for level in columns]
    decimals = decimals_for([reader(point) for reader in readers for point in one["points"]])
    rows = [
        f"<tr><td>{inert(point['ds'])}</td>"
        + "".join(f"<td>{figure(reader(point), decimals)}</td>" for reader in readers)
        + "</tr>"
        for point in one["points"]
    ]
    head = [label_meaning(one["frequency"], period), *map(level_name, columns)]
    return (
        f'<section id="s{at}"><h2>{at}. {inert(name)} <span class="unit">{inert(unit)} per {period}</span></h2>'
        f'<p class="soft">{inert(model_words(one))}</p>'
        f"<figure>{draw_bands(history, steps, title=title, unit=unit)}<figcaption>{legend}</figcaption></figure>"
        f'<dl class="why">{why}</dl>{_table(head, rows)}</section>'
    )


def _footer(answer: Mapping[str, Any], left_out: int) -> str:
    seq = answer["decision_seq"]
    lines = []
    if left_out:
        lines.append(f"{left_out:,} more series are not on this page: -o FILE.csv, .xlsx or .parquet holds all.")
    if seq is not None:
        lines.append(
            f"To check: trace decision replay {seq} reads the history at that size and makes the run again; "
            f"trace decision score {seq} tells how good it was."
        )
    lines.append("A page is no evidence: whoever doubts it asks for the ledger and replays the decision.")
    return f'<footer class="soft">{"".join(f"<p>{inert(line)}</p>" for line in lines)}</footer>'


def _table(head: Sequence[str], rows: Sequence[str]) -> str:
    names = "".join(f"<th>{inert(name)}</th>" for name in head)
    return (
        f'<div class="scroll"><table><thead><tr>{names}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
    )
