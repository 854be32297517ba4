"""`trace quality`: how good the record of a lot or an item is, and what mends it."""

from __future__ import annotations

import re
from typing import Annotated, Final

import typer

from ledger.chain.counting import counted
from trace_cli import options
from trace_cli.completion import complete_things

_URI: Final = re.compile(r"(?:https?|urn):\S+?(?=[:,;)]?(?:\s|$))")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("quality")(quality)


def quality(
    item: Annotated[
        str,
        typer.Argument(metavar="LOT|ITEM", help="A code, PRODUCT:LOT, or a URI.", autocompletion=complete_things),
    ],
    top: options.Top = 10,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Score the record of a lot or an item, 0 to 100: complete, timely, linked, balanced, signed.

    For each loss it names the record and the command that mends it. It measures the record, not the goods.

    \b
    Examples:
      trace quality 9521234000037:P26030-MIX
      trace quality BASKET-0205 --json
    """
    from ledger.custody.master import MasterData, named
    from ledger.custody.provenance.answer import make_answer
    from ledger.custody.provenance.graph import trace
    from ledger.custody.quality import judge_quality
    from trace_cli.asking import asking
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, write_json

    with asking(ledger) as asked:
        uri = asked.find(item, "trace.quality/1")
        master = MasterData(asked.lookup)
        answers = [
            make_answer(trace(asked.lookup, uri, direction), master.tolerance, master.unit)
            for direction in ("back", "forward")
        ]
        names = master.names(
            told for answer in answers for node in answer.nodes for told in (node.uri, node.place, node.holder)
        )

        def recorded(seq: int) -> tuple[str, str]:
            entry = asked.lookup.reader.entry(seq)
            return entry.rec, entry.via

        codes = asked.site.codes
        found = judge_quality(answers, recorded, pinned=asked.anchor == "pinned", short=codes.short)
        events = len({seq for answer in answers for seq in answer.seqs})
    elsewhere = answers[0].graph.elsewhere
    verdict, warnings = asked.verdict(events, elsewhere), asked.warnings(elsewhere)
    if as_json:
        losses = [
            {"part": loss.part, "seqs": list(loss.seqs), "message": loss.message, "command": loss.command}
            for loss in found.losses
        ]
        answer = {"schema": "trace.quality/1", "item": uri, "score": found.score, "parts": found.parts}
        write_json({**answer, "losses": losses, "names": names, "verdict": verdict, "warnings": warnings})
        return int(ExitCode.OK)
    codes = named(codes, names)
    say(f"{codes.short(uri)}   {found.score:g} of 100, by {counted(events, 'event')}")
    for part, share in found.parts.items():
        count = sum(loss.part == part for loss in found.losses)
        lost = f"   {counted(count, 'loss')}" if count else ""
        say(f"  {part:<9} {'nothing to check' if share is None else f'{share:6.1%}'}{lost}")
    for loss in found.losses[:top]:
        say(f"  - {_URI.sub(lambda match: codes.short(match[0]), loss.message)}")
        say(f"      mend: {loss.command}")
    if len(found.losses) > top:
        say(f"  and {len(found.losses) - top} more: --top {len(found.losses)}")
    return int(ExitCode.OK)
