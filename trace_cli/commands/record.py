"""`trace record`: any step, also one that has no verb of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from trace_cli import options
from trace_cli.completion import complete_steps, complete_things

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.custody.statement import Statement
    from trace_cli.context import Site


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("record")(record)


def record(
    things: Annotated[
        list[str],
        typer.Argument(
            metavar="THING...",
            help="Items, or PRODUCT:LOT=12.5kg for some of a lot.",
            autocompletion=complete_things,
        ),
    ],
    step: Annotated[
        str, typer.Option("--step", help="What happens: a CBV word or a URI.", autocompletion=complete_steps)
    ],
    place: options.Place = None,
    source: options.Source = None,
    destination: options.Destination = None,
    party: options.Party = None,
    document: options.Document = None,
    disposition: options.Disposition = None,
    product: options.Product = None,
    lot: options.Lot = None,
    quantity: options.Quantity = None,
    unit: options.Unit = None,
    field: Annotated[
        list[str] | None, typer.Option("--field", help="A field of your own, NAME=TEXT; may be repeated.")
    ] = None,
    at: options.Time = None,
    by: options.By = None,
    ledger: options.Ledger = None,
    dry_run: options.DryRun = False,
    anyway: options.Anyway = None,
    as_json: options.Json = False,
) -> int:
    """Record one event about the things named, with any step.

    \b
    Examples:
      trace record BASKET-0205 --step inspecting --place PACK-YUMA --disposition conformant
      trace record LETTUCE:24A=40kg --step commissioning --place FARM-YUMA
      trace record BASKET-0205 --step holding --field reason="seal broken"
    """
    from trace_cli.capture import Circumstances, make_event, make_statement, one_saying, read_thing
    from trace_cli.context import find_site
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode

    site = find_site(ledger)
    extensions: dict[str, Any] = {}
    for text in field or []:
        name, equals, value = text.partition("=")
        if not equals or not name.replace("_", "").isalnum():
            raise CommandError(
                ExitCode.USAGE, f"--field reads NAME=TEXT, got {text!r}", remedy='--field reason="seal broken"'
            )
        extensions[f"own:{name}"] = value
    said = Circumstances(
        step=step,
        place=place,
        at=at,
        source=source,
        destination=destination,
        party=party,
        document=document,
        disposition=disposition,
        product=product,
        lot=lot,
        quantity=quantity,
        unit=unit,
        extensions=extensions,
        anyway=anyway,
    )
    read = [read_thing(site.codes, text, said) for text in things]
    more = one_saying(read)
    statement = make_statement(site.codes, said, [thing for thing, _ in read], extensions=more)
    judged = () if anyway else (statement,)
    event = make_event(statement)
    return record_and_tell(site, [event], by, step, statements=judged, dry_run=dry_run, as_json=as_json)


def record_and_tell(
    site: Site,
    events: list[dict[str, Any]],
    by: str | None,
    step: str,
    *,
    statements: Sequence[Statement] = (),
    dry_run: bool = False,
    as_json: bool,
) -> int:
    """Record typed events in one commit, and say so after it.

    Args:
        site: The site.
        events: The events.
        by: Who records, as given with --by.
        step: What happens, as it was typed.
        statements: What is held against the ledger first; none: the events are recorded whatever it says.
        dry_run: Judge everything and record nothing.
        as_json: Answer in JSON.
    """
    from trace_cli.capture import record_events
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, write_json
    from trace_cli.refusals import DryRun, make_guard, plan, stop_after

    with site.recording() as recorder:
        guard = make_guard(site.codes, recorder, [one for made in statements for one in plan(made)])
        try:
            outcome = record_events(
                recorder,
                events,
                by=site.operator(by),
                via="typed",
                guard=stop_after(guard) if dry_run else guard,
                refuse_held=bool(statements),
            )
        except DryRun:
            return _tell_dry_run(step, events, as_json=as_json)
    recorded = [
        {"seq": seq, "event_id": event["eventID"]}
        for seq, event in zip(outcome.seqs, events, strict=True)
        if seq is not None
    ]
    if as_json:
        write_json({"schema": "trace.record/1", "recorded": recorded})
    else:
        for found in recorded:
            say(f"OK  {step}  entry {found['seq']}  {found['event_id']}")
    return int(ExitCode.OK)


def _tell_dry_run(step: str, events: list[dict[str, Any]], *, as_json: bool) -> int:
    import json

    from ledger.chain import canonical
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, write_json

    if as_json:
        plain = [json.loads(canonical.encode(event)) for event in events]
        write_json({"schema": "trace.record/1", "recorded": [], "would_record": plain})
    else:
        say(f"would be OK  {step}  nothing was recorded (--dry-run)")
    return int(ExitCode.OK)
