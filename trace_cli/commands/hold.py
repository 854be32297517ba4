"""`trace hold`, `trace release`: keep a lot from being passed on, and let it go again."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.chain.counting import counted
from trace_cli import options
from trace_cli.completion import complete_things


class Word(StrEnum):
    """Why goods are on hold, in the words of the CBV."""

    UNAVAILABLE = "unavailable"
    RECALLED = "recalled"


Things = Annotated[
    list[str],
    typer.Argument(metavar="LOT...", help="PRODUCT:LOT, an item, or a URI.", autocompletion=complete_things),
]
Some = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[LOT...]", help="PRODUCT:LOT, an item, or a URI; or --recall.", autocompletion=complete_things
    ),
]
Reason = Annotated[str | None, typer.Option("--reason", help="Why; it stays in the log, so name no person.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("hold")(hold)
    app.command("release")(release)


def hold(
    things: Some = None,
    recalled: Annotated[
        list[str] | None,
        typer.Option(
            "--recall",
            metavar="LOT",
            help="A lot, and all that holds it and is still there; may be repeated.",
            autocompletion=complete_things,
        ),
    ] = None,
    word: Annotated[
        Word | None,
        typer.Option(
            "--disposition", help="unavailable (quarantine, inspection) or recalled (default with --recall)."
        ),
    ] = None,
    reason: Reason = None,
    place: options.Place = None,
    document: options.Document = None,
    at: options.Time = None,
    by: options.By = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Put a lot on hold: whoever then records that it is shipped, packed, sold or used is refused.

    The hold counts for its instances and for the containers that it is in, too. What others say (imports) is
    recorded and flagged.

    \b
    Examples:
      trace hold 9521234000037:P26030-MIX --reason "positive sample 2026-114"
      trace hold 9521234000037:P26030-MIX --disposition recalled --document RECALL-7
      trace hold --recall 99521234009019:Y26029-ROM --document RECALL-7
    """
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode

    if not things and not recalled:
        raise CommandError(
            ExitCode.USAGE,
            "hold needs a lot or an item",
            remedy="trace hold PRODUCT:LOT, or trace hold --recall LOT",
        )
    chosen = (word or (Word.RECALLED if recalled else Word.UNAVAILABLE)).value
    named = [*(things or ()), *(_find_recalled(recalled, ledger) if recalled else ())]
    return _record(named, {"set": [chosen]}, chosen, "holding", reason, place, document, at, by, ledger, as_json)


def _find_recalled(lots: list[str], ledger: Path | None) -> list[str]:
    """Find what a recall of some lots asks to be held, and is not yet.

    Raises:
        CommandError: No event names a lot, or all of it is on hold.
    """
    from ledger.custody.provenance.recall import find_recall
    from trace_cli.asking import asking
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import note
    from trace_cli.recall_hold import held_now, not_held

    with asking(ledger) as asked:
        uris = [asked.find(lot, "trace.record/1") for lot in lots]
        found = [find_recall(asked.lookup, uri) for uri in uris]
        free = not_held(uris, [line for one in found for line in one.affected], held_now(asked.lookup))
        codes = asked.site.codes
    if not free:
        raise CommandError(
            ExitCode.REFUSED, "all of it is on hold already", remedy=f"trace recall {codes.short(uris[0])}"
        )
    if gaps := sum(len(one.gaps) for one in found):
        note(f"warning: the recall has {counted(gaps, 'gap')}, so more may hold the lot: trace recall {lots[0]}")
    return free


def release(
    things: Things,
    reason: Reason = None,
    place: options.Place = None,
    document: options.Document = None,
    at: options.Time = None,
    by: options.By = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Release a lot from hold: it may be passed on again.

    \b
    Example:
      trace release 9521234000037:P26030-MIX --reason "second sample negative"
    """
    from ledger.custody.holds import HOLDING, RELEASE_STEP

    lifted = {"unset": sorted(HOLDING)}
    return _record(things, lifted, "available", RELEASE_STEP, reason, place, document, at, by, ledger, as_json)


def _record(
    things: list[str],
    persistent: dict[str, list[str]],
    disposition: str,
    step: str,
    reason: str | None,
    place: str | None,
    document: str | None,
    at: str | None,
    by: str | None,
    ledger: Path | None,
    as_json: bool,
) -> int:
    from ledger.custody.codes import is_class_uri
    from ledger.custody.holds import PERSISTENT
    from ledger.custody.statement import REASON, Thing
    from trace_cli.asking import asking
    from trace_cli.capture import Circumstances, make_event, make_statement
    from trace_cli.commands.record import record_and_tell

    more: dict[str, Any] = {PERSISTENT: persistent} | ({REASON: reason} if reason else {})
    found: list[Thing] = []
    with asking(ledger) as asked:
        for text in things:
            uri = asked.find(text, "trace.record/1")
            found.append(Thing(uri, is_class_uri(uri)))
        if "unset" in persistent:
            _check_held(asked.lookup, [thing.uri for thing in found])
    said = Circumstances(
        step=step, place=place, document=document, at=at, disposition=disposition, extensions=more
    )
    statement = make_statement(asked.site.codes, said, found)
    names = ", ".join(asked.site.codes.short(thing.uri) for thing in found)
    told = f"{'released' if 'unset' in persistent else 'on hold (' + disposition + ')'}: {names}"
    return record_and_tell(asked.site, [make_event(statement)], by, told, as_json=as_json)


def _check_held(lookup: Any, uris: list[str]) -> None:
    """Refuse to release what is not on hold.

    Raises:
        CommandError: One of the things is not, or a case holds it.
    """
    from ledger.custody.cases import standing_cases
    from ledger.custody.provenance.held import standing_holds
    from trace_cli.cases import find_cases
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode

    for case in standing_cases(find_cases(lookup).values()):
        if case.item in uris:
            remedy = f'trace dismiss {case.seq} --reason "..."'
            if case.state != "open":
                remedy = f'trace suspect {case.item} --reason "..." opens another case, to be dismissed'
            what = f"{case.item} is on hold for case {case.seq}, which is {case.state}"
            raise CommandError(ExitCode.REFUSED, what, remedy=remedy)
    held = {found.thing for found in standing_holds(lookup)}
    if free := [uri for uri in uris if uri not in held]:
        raise CommandError(
            ExitCode.REFUSED,
            f"{free[0]} is not on hold, so there is nothing to release",
            remedy=f"trace history {free[0]}",
        )
