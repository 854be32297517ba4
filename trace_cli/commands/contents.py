"""`trace contents`: what is in a container, now or at a time, at any depth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from trace_cli import options
from trace_cli.completion import complete_things

if TYPE_CHECKING:
    from ledger.custody.codes import Codes
    from ledger.custody.provenance.contents import Contents


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("contents")(contents)


def contents(
    container: Annotated[
        str, typer.Argument(help="The pallet, crate or box: a code or a URI.", autocompletion=complete_things)
    ],
    at: Annotated[str | None, typer.Option("--at", help="At which time (default: now).")] = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Show what is in a container at a time, and what is in that, with quantities; each event is proven first.

    \b
    Examples:
      trace contents 095212340000004653
      trace contents 095212340000004653 --at 2026-01-31T12:00:00-06:00 --json
    """
    from ledger.custody.master import MasterData, named
    from ledger.custody.provenance.contents import contents as find
    from ledger.custody.times import micros, utc_text
    from trace_cli.asking import asking
    from trace_cli.capture import read_moment
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, write_json

    moment = None if at is None else micros(read_moment(at))
    with asking(ledger) as asked:
        uri = asked.find(container, "trace.contents/1")
        found = find(asked.lookup, uri, moment)
        names = MasterData(asked.lookup).names(
            told for stay in found.held for told in (stay.child, stay.container)
        )
    warnings = asked.warnings(found.elsewhere)
    if as_json:
        answer = _answer(found, None if moment is None else utc_text(moment))
        verdict = asked.verdict(len(found.source.records), found.elsewhere)
        write_json({**answer, "names": names, "verdict": verdict, "warnings": warnings})
        return int(ExitCode.OK)
    for line in _lines(found, named(asked.site.codes, names)):
        say(line)
    if not found.held:
        say("nothing is in it" + (" now" if moment is None else " then"))
    return int(ExitCode.OK)


def _answer(found: Contents, at: str | None) -> dict[str, Any]:
    from trace_cli.reports.provenance import number

    return {
        "schema": "trace.contents/1",
        "container": found.container,
        "at": at,
        "contents": [
            {
                "id": stay.child,
                "container": stay.container,
                "quantity": number(stay.held),
                "unit": stay.unit,
                "seqs": list(stay.seqs),
            }
            for stay in found.held
        ],
    }


def _lines(found: Contents, codes: Codes) -> list[str]:
    from trace_cli.reports.provenance import amount

    inside: dict[str, list[str]] = {}
    told = {(stay.container, stay.child): amount(stay.held, stay.unit) for stay in found.held}
    for stay in found.held:
        inside.setdefault(stay.container, []).append(stay.child)
    lines, above = [codes.short(found.container)], {found.container}
    waiting = [(found.container, child, 1) for child in reversed(inside.get(found.container, []))]
    while waiting:
        container, child, depth = waiting.pop()
        line = f"{'  ' * depth}{codes.short(child)}  {told[container, child]}".rstrip()
        if child in above and (child in inside or child == found.container):
            # What events say may go in a circle, or name one container in two: it is opened once.
            lines.append(f"{line}  (already above)")
            continue
        lines.append(line)
        above.add(child)
        waiting += [(child, inner, depth + 1) for inner in reversed(inside.get(child, []))]
    return lines
