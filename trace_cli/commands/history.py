"""`trace history`: what happened to one item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.chain.counting import counted
from trace_cli import options
from trace_cli.completion import complete_things

if TYPE_CHECKING:
    from ledger.custody.codes import Codes
    from ledger.custody.item_history import ItemHistory, Line
    from ledger.custody.use_by import UseBy


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("history")(history)


def history(
    item: Annotated[str, typer.Argument(help="A code, PRODUCT:LOT, or a URI.", autocompletion=complete_things)],
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Show everything that happened to an item, oldest first; each entry shown is proven first.

    What happened to a container counts for what was inside at that time.

    \b
    Examples:
      trace history BASKET-0205
      trace history 9521234000037:P26030-MIX --json
    """
    from ledger.custody.codes import product_of
    from ledger.custody.index.lookup import Lookup
    from ledger.custody.item_history import NotFoundError, item_history, resolve
    from ledger.custody.master import MasterData, named
    from ledger.custody.use_by import use_by
    from trace_cli.completion import what_was_meant
    from trace_cli.context import find_site
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, write_json
    from trace_cli.reports.entry import tell_index

    site = find_site(ledger)
    with site.proving() as (view, reader):
        lookup = Lookup(view, reader)
        try:
            uri = resolve(lookup, site.codes, item)
        except NotFoundError:
            tell_index(lookup)
            raise CommandError(
                ExitCode.NOT_FOUND,
                f"no event names {item!r}",
                remedy=what_was_meant(view.connection, site.codes.domain, item),
                answer={"schema": "trace.history/1", "item": item, "events": []},
            ) from None
        found = item_history(lookup, uri)
        master = MasterData(lookup)
        names = master.names(_identifiers(found))
        product = product_of(uri) or next((line.event.product for line in found.lines if line.event.product), None)
        standing = [line for line in found.lines if not line.corrected]
        until = use_by(standing, uri, master.shelf_life(product))
        anchor = "pinned" if reader.pinned else "self"
        verdict = {"word": "ok", "anchor": anchor, "size": reader.size, "entries_proven": len(found.lines)}
    warnings = tell_index(lookup)
    if as_json:
        write_json({**_answer(found, verdict), "use_by": _use_by(until), "names": names, "warnings": warnings})
        return int(ExitCode.OK)
    codes = named(site.codes, names)
    say(f"{codes.short(uri)}   {counted(len(found.lines), 'event')}")
    _draw(found, codes)
    say(_now(found, codes))
    if until is not None:
        derived = f" (derived: made on {until.made} and the shelf life of the product)" if until.made else ""
        say(f"Use by: {until.day}{derived}, entry {until.seq}")
    say(f"Every entry shown was proven against the signed head of {counted(reader.size, 'entry')} ({anchor}).")
    return int(ExitCode.OK)


def _now(found: ItemHistory, codes: Codes) -> str:
    """Say where a thing is by the last event; of what left a place, that it is on its way."""
    from ledger.custody.codes import lot_of
    from ledger.custody.vocabulary import GIVING_STEPS

    holder = f", held by {_short(codes, found.holder)}" if found.holder else ""
    last = next((line.event.facts for line in reversed(found.lines) if not line.corrected), None)
    step = (last.step or "").rpartition("/")[2].rpartition(":")[2].rpartition("-")[2] if last else ""
    if last is not None and step in GIVING_STEPS and lot_of(found.item) is None:
        there = f" to {codes.short(last.destination)}" if last.destination else ""
        return f"Now: on the way from {_short(codes, found.place) or 'an unknown place'}{there}{holder}"
    return f"Now: {_short(codes, found.place) or 'place unknown'}{holder}"


def _use_by(until: UseBy | None) -> dict[str, Any] | None:
    """Write the last day of use; `made` is the day that it is derived from, None where it was declared."""
    if until is None:
        return None
    made = None if until.made is None else until.made.isoformat()
    return {"date": until.day.isoformat(), "seq": until.seq, "derived": made is not None, "made": made}


def _identifiers(found: ItemHistory) -> list[str | None]:
    """List the products, places and parties that the answer names."""
    uris: list[str | None] = [found.item, found.place, found.holder]
    for line in found.lines:
        facts = line.event.facts
        uris += [facts.place, facts.source, facts.destination, line.event.product, facts.container, line.parent]
        uris += [uri for _, uri in facts.parties]
    return uris


def _answer(found: ItemHistory, verdict: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": "trace.history/1",
        "item": found.item,
        "events": [_event(line, found.item) for line in found.lines],
        "holder": found.holder,
        "place": found.place,
        "verdict": verdict,
    }


def _event(line: Line, item: str) -> dict[str, Any]:
    from ledger.custody.times import utc_text
    from trace_cli.reports.correction import correction

    event, facts = line.event, line.event.facts
    quantity, unit = _amount(line, item)
    return {
        "seq": event.seq,
        "event_id": facts.event_id,
        "time": utc_text(facts.time),
        "recorded": utc_text(event.known),
        "step": facts.step,
        "disposition": facts.disposition,
        "place": facts.place,
        "action": facts.action,
        "kind": facts.kind,
        "parties": [{"role": role, "id": uri} for role, uri in facts.parties],
        "quantity": quantity,
        "unit": unit,
        "parent": line.parent or facts.container,
        "source": facts.source,
        "destination": facts.destination,
        "document": facts.document,
        "product": event.product,
        "lot": event.lot,
        "via": event.via,
        "corrected": line.corrected,
        "withdraws": facts.withdraws,
        "correction": correction(line.declaration),
        "disputed": correction(line.disputed),
    }


def _amount(line: Line, item: str) -> tuple[float | int | None, str | None]:
    for mention in line.event.facts.mentions:
        if mention.uri == item and (quantity := _number(mention.quantity)) is not None:
            return quantity, mention.unit
    if line.parent or line.event.facts.container == item:
        return None, None  # what the event counts is not this
    quantity = _number(line.event.quantity)
    return quantity, None if quantity is None else line.event.unit


def _number(value: object) -> float | int | None:
    """Give a quantity as JSON has it; None: none was stated, or it is withheld."""
    from decimal import Decimal

    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    return value if isinstance(value, int | float) else None


def _short(codes: Codes, uri: str | None) -> str:
    return "" if uri is None else codes.short(uri)


def _draw(found: ItemHistory, codes: Codes) -> None:
    from decimal import Decimal

    from ledger.custody.times import from_micros
    from trace_cli.formats.answer import say
    from trace_cli.formats.table import draw_table
    from trace_cli.reports.correction import dispute, remark_on
    from trace_cli.reports.entry import told_step
    from trace_cli.reports.provenance import amount

    rows = []
    for line in found.lines:
        facts = line.event.facts
        quantity, unit = _amount(line, found.item)
        told = amount(None if quantity is None else Decimal(str(quantity)), unit)
        remark = [f"in {codes.short(line.parent)}"] if line.parent else []
        if not line.parent and facts.container and facts.container != found.item:
            into = {"ADD": "into", "DELETE": "out of"}.get(facts.action or "", "in")
            remark.append(f"{into} {codes.short(facts.container)}")
        if facts.source and facts.source != facts.place:
            remark.append(f"from {codes.short(facts.source)}")
        if facts.destination and facts.destination != facts.place:
            remark.append(f"to {codes.short(facts.destination)}")
        if line.declaration is not None:
            remark.append(remark_on(line.declaration, facts.withdraws))
        if line.disputed is not None and not facts.withdraws:
            remark.append(dispute(line.disputed))
        step = told_step(facts, codes)
        time = f"{from_micros(facts.time):%Y-%m-%d %H:%M}"
        rows.append((line.event.seq, time, step, _short(codes, facts.place), told, ", ".join(remark)))
    say(draw_table(("entry", "time (UTC)", "step", "place", "quantity", "details"), rows, right=(0, 4)))
