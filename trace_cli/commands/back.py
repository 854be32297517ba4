"""`trace back`, `trace forward`: what a thing came from, and what it went into."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ledger.chain.counting import counted
from trace_cli import options
from trace_cli.completion import complete_things

if TYPE_CHECKING:
    from ledger.custody.codes import Codes
    from ledger.custody.provenance.answer import Answer
    from trace_cli.formats.graph import Arrow, Box

Item = Annotated[str, typer.Argument(help="A code, PRODUCT:LOT, or a URI.", autocompletion=complete_things)]


class Form(StrEnum):
    """How the answer is written."""

    TREE = "tree"
    JSON = "json"
    DOT = "dot"
    MERMAID = "mermaid"


Format = Annotated[Form, typer.Option("--format", help="tree, json, dot (Graphviz) or mermaid.")]
_SUFFIXES = {
    ".json": Form.JSON,
    ".dot": Form.DOT,
    ".gv": Form.DOT,
    ".mmd": Form.MERMAID,
    ".md": Form.MERMAID,
    ".txt": Form.TREE,
    "": Form.TREE,
}
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="Write to a file; the suffix says how: .txt, .json, .dot, .gv, .mmd, .md."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("back")(back)
    app.command("forward")(forward)


def back(
    item: Item,
    form: Format = Form.TREE,
    output: Output = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Trace back: everything that went into a thing, through every transformation and packing.

    Each event that the answer rests on is proven first. Gaps in history are named, with the record that would mend
    them.

    \b
    Examples:
      trace back 9521234000037:P26030-MIX
      trace back BASKET-0205 --json
      trace back 9521234000037:P26030-MIX --format dot -o lot.dot
    """
    return _trace("back", item, form, output, ledger, as_json=as_json)


def forward(
    item: Item,
    form: Format = Form.TREE,
    output: Output = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Trace forward: everything that a thing went into, at any depth, and where that is now.

    \b
    Examples:
      trace forward 99521234009019:Y26029-ROM
      trace forward 99521234009019:Y26029-ROM --format mermaid -o lot.mmd
      trace forward 99521234009019:Y26029-ROM --json
    """
    return _trace("forward", item, form, output, ledger, as_json=as_json)


def _trace(
    direction: Literal["back", "forward"],
    item: str,
    form: Form,
    output: Path | None,
    ledger: Path | None,
    *,
    as_json: bool,
) -> int:
    from ledger.custody.master import MasterData, named
    from ledger.custody.provenance.answer import make_answer
    from ledger.custody.provenance.graph import trace
    from trace_cli.asking import asking
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, to_json, write_file, write_json, write_text

    if output is not None and form is Form.TREE:
        form = _form_of(output, direction, item)
    with asking(ledger) as asked:
        uri = asked.find(item, f"trace.{direction}/1")
        master = MasterData(asked.lookup)
        answer = make_answer(trace(asked.lookup, uri, direction), master.tolerance, master.unit)
        names = master.names(uri for node in answer.nodes for uri in (node.uri, node.place, node.holder))
    elsewhere = answer.graph.elsewhere
    verdict = asked.verdict(len(answer.graph.source.records), elsewhere)
    warnings = asked.warnings(elsewhere)
    codes = named(asked.site.codes, names)
    if as_json or form is Form.JSON:
        from trace_cli.reports.provenance import trace_answer

        found = {**trace_answer(answer, verdict, warnings), "names": names}
        if output is None:
            write_json(found)
        else:
            write_file(output, to_json(found, indent=2) + "\n")
    elif form in (Form.DOT, Form.MERMAID):
        from trace_cli.formats.graph import dot_text, mermaid_text

        text = (dot_text if form is Form.DOT else mermaid_text)(*_drawing(answer, codes))
        write_text(text) if output is None else write_file(output, text)
    else:
        lines = _lines(answer, codes, verdict["anchor"], verdict["size"])
        if output is None:
            for line in lines:
                say(line)
        else:
            write_file(output, "\n".join(lines) + "\n")
    if output is not None and not as_json:
        say(f"Written: {output}")
    return int(ExitCode.OK)


def _form_of(output: Path, direction: str, item: str) -> Form:
    """Choose the form by the suffix.

    Raises:
        CommandError: There is none for that suffix.
    """
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode

    form = _SUFFIXES.get(output.suffix.lower())
    if form is None:
        known = ", ".join(suffix for suffix in _SUFFIXES if suffix)
        way = " --forward" if direction == "forward" else ""
        raise CommandError(
            ExitCode.USAGE,
            f"{output}: what `trace {direction}` finds is written as {known}",
            remedy=f"to print, or as a workbook: trace report provenance {item}{way} -o "
            f"{output.stem}.html (.xlsx)",
        )
    return form


def _lines(answer: Answer, codes: Codes, anchor: str, size: int) -> list[str]:
    from trace_cli.reports.provenance import amount, gap_lines, tree_lines

    lines = [*tree_lines(answer, codes), ""]
    for line in answer.balance:
        sides = amount(line.inputs, line.unit) or "?", amount(line.outputs, line.unit) or "?"
        told = "" if line.difference is None else f", difference {amount(line.difference, line.unit)}"
        lines.append(f"Mass balance of entry {line.seq}: {sides[0]} in, {sides[1]} out{told}")
    lines += gap_lines(answer.gaps, codes)
    count = len(answer.graph.source.records)
    lines.append(
        "Complete: history supports every link."
        if answer.complete
        else f"NOT COMPLETE: {counted(len(answer.gaps), 'gap')} in history, named above."
    )
    lines.append(
        f"Proven: {counted(count, 'event')}, all that were read, against the signed head of "
        f"{counted(size, 'entry')} ({anchor})."
    )
    return lines


def _drawing(answer: Answer, codes: Codes) -> tuple[list[Box], list[Arrow]]:
    from trace_cli.formats.graph import Arrow, Box
    from trace_cli.reports.provenance import amount

    names = {node.uri: f"n{at}" for at, node in enumerate(answer.nodes)}
    boxes = []
    for node in answer.nodes:
        lines = (codes.short(node.uri), amount(node.quantity, node.unit), codes.short(node.place or ""))
        boxes.append(Box(names[node.uri], tuple(line for line in lines if line), node.uri == answer.graph.item))
    arrows = [
        Arrow(names[link.source], names[link.target], amount(link.quantity, link.unit)) for link in answer.links
    ]
    if not answer.complete:
        boxes.append(Box("gaps", (f"NOT COMPLETE: {counted(len(answer.gaps), 'gap')} in history",)))
    return boxes, arrows
