"""`trace correct` and `trace undo`: withdraw an event, and say what stands in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from trace_cli import options
from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from ledger.chain.entry import Entry
    from ledger.custody.index.lookup import Lookup
    from trace_cli.context import Site


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("correct")(correct)
    app.command("undo")(undo)


def correct(
    event: Annotated[str, typer.Argument(help="The number of an entry, or an eventID.")],
    reason: Annotated[str, typer.Option("--reason", help="did_not_occur, incorrect_data, or a URI of your own.")],
    with_fields: Annotated[
        list[str] | None,
        typer.Option("--with", help="FIELD=VALUE of the corrective event; may be repeated. FIELD= takes it away."),
    ] = None,
    instead: Annotated[
        list[str] | None,
        typer.Option("--event", help="An event of this ledger that stands in its place; may be repeated."),
    ] = None,
    anyway: options.Anyway = None,
    by: options.By = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Withdraw an event by an error declaration; with --with, record the right one in the same commit.

    Nothing is changed or deleted: both stay in the log, answers show both and count what stands. Fields: time,
    step, disposition, place, from, to, party, document, container, item, product, lot, quantity, unit, promised,
    own:NAME.

    \b
    Examples:
      trace correct 17 --reason did_not_occur
      trace correct 17 --reason incorrect_data --with quantity=12.5 --with place=DOCK-4
      trace correct urn:uuid:5f0d... --reason incorrect_data --event 23
    """
    from ledger.custody.corrections import read_reason
    from ledger.custody.index.lookup import Lookup
    from ledger.custody.index.rebuild import row_of
    from trace_cli.context import find_site
    from trace_cli.reports.entry import find_entry, tell_index

    why, changes = read_reason(reason), _changes(with_fields or [])
    site = find_site(ledger)
    with site.proving() as (view, reader):
        lookup = Lookup(view, reader)
        entry = reader.entry(find_entry(view, reader, event))
        _refuse_unfit(lookup, entry)
        others = [reader.entry(find_entry(view, reader, typed)) for typed in instead or []]
        for other in others:
            if row_of(other) is None or other.seq == entry.seq or "errorDeclaration" in other.body:
                raise CommandError(
                    ExitCode.REFUSED,
                    f"entry {other.seq} cannot stand in the place of entry {entry.seq}: it is no event of its own",
                    remedy=f"trace show {other.seq}",
                )
        tell_index(lookup)
    return _record(
        site,
        entry,
        why,
        changes,
        [str(other.body["eventID"]) for other in others],
        by,
        as_json=as_json,
        anyway=anyway,
    )


def undo(
    within: Annotated[
        float, typer.Option("--within", min=0, help="Only what was recorded so lately [hours].")
    ] = 12,
    reason: Annotated[str, typer.Option("--reason", help="As for correct.")] = "did_not_occur",
    by: options.By = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Withdraw the last event that you recorded at this site and that still stands.

    Yours is what was scanned, typed or piped under your name, not what was imported. Refused where somebody has
    recorded anything later on the same things: then say which event is wrong with trace correct.

    \b
    Examples:
      trace undo
      trace undo --within 1 --by dock-3
    """
    from datetime import timedelta

    from ledger.chain.entry import record_time
    from ledger.custody.corrections import read_reason
    from ledger.custody.index.lookup import Lookup
    from trace_cli.context import find_site, now
    from trace_cli.reports.entry import tell_index

    why = read_reason(reason)
    site = find_site(ledger)
    operator = site.operator(by)
    oldest = record_time(now() - timedelta(hours=min(within, 24 * 365 * 100)))
    with site.proving() as (view, reader):
        lookup = Lookup(view, reader)
        entry = _last_of(lookup, operator, oldest)
        if entry is None:
            raise CommandError(
                ExitCode.NOT_FOUND,
                f"{operator} has recorded nothing at {site.origin} in the last {within:g} hours that still stands",
                remedy="trace log, then trace correct EVENT --reason did_not_occur",
            )
        _refuse_hold_of_case(lookup, entry)
        later = _later_on_the_same(lookup, entry)
        if later is not None:
            raise CommandError(
                ExitCode.REFUSED,
                f"entry {later} is about the same things and came after entry {entry.seq}, your last",
                remedy=f"trace show {later}, then if it must be: trace correct {entry.seq} --reason {why}",
            )
        tell_index(lookup)
    return _record(site, entry, why, {}, [], by, as_json=as_json, schema="trace.undo/1")


def _changes(typed: list[str]) -> dict[str, str]:
    changes: dict[str, str] = {}
    for text in typed:
        name, equals, value = text.partition("=")
        if not equals or not name or name in changes:
            why = "says a field twice" if name in changes else "reads FIELD=VALUE"
            raise CommandError(ExitCode.USAGE, f"--with {why}, got {text!r}", remedy="--with quantity=12.5")
        changes[name.strip()] = value.strip()
    return changes


def _refuse_unfit(lookup: Lookup, entry: Entry) -> None:
    """Refuse to withdraw what is no event, is itself a declaration, or is withdrawn already."""
    from ledger.custody.index.rebuild import row_of

    if entry.kind != "event":
        raise CommandError(
            ExitCode.REFUSED,
            f"entry {entry.seq} is of kind {entry.kind}, and only events are corrected",
            remedy=f"trace show {entry.seq}",
        )
    if row_of(entry) is None:
        raise CommandError(
            ExitCode.REFUSED,
            f"entry {entry.seq} is signed but is no event",
            remedy=f"trace show {entry.seq}",
        )
    if "errorDeclaration" in entry.body:
        raise CommandError(
            ExitCode.REFUSED,
            f"entry {entry.seq} is itself an error declaration, which cannot be withdrawn",
            remedy="record the event anew if it did happen: trace record",
        )
    done = _withdrawn_by(lookup, entry)
    if done is not None:
        raise CommandError(
            ExitCode.REFUSED,
            f"entry {entry.seq} is withdrawn already, by entry {done}",
            remedy=f"trace show {done}, and correct the event that it names as corrective",
        )


def _refuse_hold_of_case(lookup: Lookup, entry: Entry) -> None:
    """Refuse to undo what keeps the thing of a standing case on hold: that takes a verdict, not a slip."""
    from ledger.custody.cases import standing_cases
    from ledger.custody.provenance.held import holding_events
    from trace_cli.cases import find_cases

    for case in standing_cases(find_cases(lookup).values()):
        # A case on what was held already rests on that hold, for as long as there is no other.
        holding = {seq for seqs in holding_events(lookup, case.item).values() for seq in seqs}
        if entry.seq == case.hold or holding == {entry.seq}:
            remedy = f'trace dismiss {case.seq} --reason "..."'
            if case.state != "open":
                remedy = f'trace suspect {case.item} --reason "..." opens another case, to be dismissed'
            raise CommandError(
                ExitCode.REFUSED,
                f"entry {entry.seq} holds {case.item} for case {case.seq}, which is {case.state}",
                remedy=remedy,
            )


def _last_of(lookup: Lookup, operator: str, oldest: str) -> Entry | None:
    from ledger.chain.entry import IMPORTED
    from ledger.custody.index.rebuild import row_of

    for seq in range(lookup.reader.size - 1, -1, -1):
        entry = lookup.reader.entry(seq)
        if entry.rec < oldest:
            return None
        if row_of(entry) is None or entry.by != operator or entry.via == IMPORTED:
            continue
        if "errorDeclaration" in entry.body:
            continue
        if _withdrawn_by(lookup, entry) is None:
            return entry
    return None


def _withdrawn_by(lookup: Lookup, entry: Entry) -> int | None:
    """Give the entry that withdraws an event; None: it stands."""
    from ledger.custody.corrections import find_corrections
    from ledger.custody.facts import read_facts

    facts = read_facts(entry.body, entry.seq)
    found = find_corrections(lookup, [facts.event_id]).of(facts, entry.via)
    return None if found is None else found.seq


def _later_on_the_same(lookup: Lookup, entry: Entry) -> int | None:
    """Find an event that names one of the same things, came later, and still stands."""
    from ledger.custody.index.rebuild import row_of

    row = row_of(entry)
    for uri in row.things if row else ():
        for other in lookup.entries_naming(uri):
            if other.seq <= entry.seq or "errorDeclaration" in other.body:
                continue
            if _withdrawn_by(lookup, other) is None:
                return other.seq
    return None


def _record(
    site: Site,
    entry: Entry,
    reason: str,
    changes: dict[str, str],
    instead: list[str],
    by: str | None,
    *,
    as_json: bool,
    schema: str = "trace.correct/1",
    anyway: str | None = None,
) -> int:
    from ledger.custody.amendment import amend
    from ledger.custody.corrections import declare
    from ledger.custody.identity import new_event_id
    from ledger.custody.statement import ANYWAY
    from trace_cli.capture import read_moment
    from trace_cli.formats.answer import say, write_json
    from trace_cli.refusals import correction_guard
    from trace_cli.reports.entry import summary

    fresh = [amend(entry.body, changes, site.codes, event_id=new_event_id())] if changes else []
    if anyway:
        fresh = [{**event, ANYWAY: anyway} for event in fresh]
    corrective = [event["eventID"] for event in fresh] + instead
    declaration = declare(entry.body, at=read_moment(None), reason=reason, corrective=corrective)
    with site.recording() as recorder:
        prepared = [
            recorder.prepare_derived(body, by=site.operator(by), via="typed") for body in (declaration, *fresh)
        ]
        guard = None if anyway or not fresh else correction_guard(site.codes, recorder, entry, fresh)
        outcome = recorder.record(prepared, refuse_held=not anyway, guard=guard)
    if outcome.seqs[0] is None:
        raise CommandError(ExitCode.REFUSED, f"entry {entry.seq} was withdrawn meanwhile; see trace log")
    seqs = dict(zip(corrective, outcome.seqs[1:], strict=False))
    answer: dict[str, Any] = {
        "schema": schema,
        "event_id": entry.body["eventID"],
        "seq": entry.seq,
        "reason": reason,
        "declaration_seq": outcome.seqs[0],
        "corrective": [{"event_id": event_id, "seq": seqs.get(event_id)} for event_id in corrective],
    }
    if as_json:
        write_json(answer)
        return int(ExitCode.OK)
    say(f"OK  entry {entry.seq} is withdrawn by entry {outcome.seqs[0]} ({reason}): {summary(entry, site.codes)}")
    for event_id, seq in seqs.items():
        say(f"OK  in its place: entry {seq}  {event_id}" if seq is not None else f"    in its place: {event_id}")
    return int(ExitCode.OK)
