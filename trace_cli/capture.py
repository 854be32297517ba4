"""From what somebody typed or scanned to recorded events: the common path of `scan` and of the daily verbs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode
from trace_cli.formats.answer import note

if TYPE_CHECKING:
    from decimal import Decimal

    from ledger.custody.codes import Codes
    from ledger.custody.label import Label
    from ledger.custody.recorder import Recorded, Recorder
    from ledger.custody.statement import Statement, Thing
    from trace_cli.refusals import Guard

# CODE=12.5kg: how much of a product or a lot.
_AMOUNT: Final = re.compile(r"(?P<code>.+?)=(?P<number>-?[0-9][0-9.,]*)\s*(?P<unit>[A-Za-z0-9]*)")


class Circumstances(NamedTuple):
    """What was said about an event beside the things: as typed, not yet read."""

    step: str
    place: str | None = None
    at: str | None = None
    source: str | None = None
    destination: str | None = None
    party: str | None = None
    document: str | None = None
    disposition: str | None = None
    container: str | None = None
    product: str | None = None
    lot: str | None = None
    quantity: str | None = None
    unit: str | None = None
    promised: str | None = None
    anyway: str | None = None
    extensions: Mapping[str, Any] = MappingProxyType({})
    ilmd: Mapping[str, Any] = MappingProxyType({})


def read_thing(
    codes: Codes, text: str, said: Circumstances, *, scanned: bool = False
) -> tuple[Thing, dict[str, Any]]:
    """Read one thing: a code, ``PRODUCT:LOT``, and with ``=12.5kg`` how much of it.

    What was scanned is a code and nothing else: a label never says an amount in that way.

    Returns:
        The thing, and what else is said of it as extension fields.

    Raises:
        Refused: It is malformed.
    """
    from ledger.custody.quantity import read_quantity, read_unit
    from ledger.custody.statement import Thing
    from ledger.custody.vocabulary import is_uri

    amount, unit = said.quantity, said.unit
    if not scanned and (match := _AMOUNT.fullmatch(text)) and not is_uri(text):
        text, amount, unit = match["code"], match["number"], match["unit"] or unit
    quantity = None if amount is None else read_quantity(amount)
    measured = read_unit(unit) if unit else None
    product, colon, lot = text.rpartition(":")
    if not scanned and colon and product and lot and not is_uri(text) and text[0] not in "](":
        return Thing(codes.lot(lot, product), True, quantity, measured), {}
    if (label := codes.label(text, scanned=scanned)) is not None:
        return _read_label(codes, label, said, quantity, measured)
    found = codes.item(text, alone=not said.product)
    if found.is_class and said.lot:
        return Thing(codes.lot(said.lot, text), True, quantity, measured), {}
    if found.is_class:
        from decimal import Decimal as Number

        return Thing(found.uri, True, Number(1) if quantity is None else quantity, measured), {}
    return Thing(found.uri), _said_of(codes, said, quantity, measured)


def _said_of(codes: Codes, said: Circumstances, quantity: Decimal | None, unit: str | None) -> dict[str, Any]:
    """Write what was said beside the code of a single thing."""
    from ledger.custody.statement import LOT, PRODUCT, QUANTITY, UNIT

    found: dict[str, Any] = {}
    if said.product:
        found[PRODUCT] = codes.product(said.product)
    if said.lot:
        found[LOT] = said.lot
    if quantity is not None:
        found[QUANTITY] = quantity
        if unit:
            found[UNIT] = unit
    return found


def _read_label(
    codes: Codes, label: Label, said: Circumstances, quantity: Decimal | None, unit: str | None
) -> tuple[Thing, dict[str, Any]]:
    """Bring together what a label says and what was said beside it.

    Raises:
        Refused: They contradict each other.
    """
    from decimal import Decimal as Number

    from ledger.chain.errors import Refused
    from ledger.custody.codes import lot_of
    from ledger.custody.label import said_beside
    from ledger.custody.statement import Thing

    if said.lot and label.lot and said.lot != label.lot:
        raise Refused(f"the label says lot {label.lot!r}, not {said.lot!r}")
    beside = said_beside(label)
    if not label.is_class:
        return Thing(label.uri), {**beside, **_said_of(codes, said, quantity, unit)}
    uri = label.uri
    if said.lot and lot_of(uri) is None:
        uri = codes.lot(said.lot, uri)
    amount = quantity if quantity is not None else label.count or Number(1)
    return Thing(uri, True, amount, unit), beside


def one_saying(read: Sequence[tuple[Thing, dict[str, Any]]]) -> dict[str, Any]:
    """Bring together what was said of several things; an event can say it of all of them, or not at all.

    Raises:
        Refused: It was said of some only, or differently.
    """
    from ledger.chain.errors import Refused

    said = [found for thing, found in read if not thing.is_class]
    if any(found != said[0] for found in said):
        raise Refused(
            "one event cannot say different amounts of single items",
            remedy="record them one by one, or name lots: PRODUCT:LOT=40kg",
        )
    return said[0] if said else {}


def read_moment(text: str | None) -> datetime:
    """Read a time that was typed; none: now, in the local zone.

    Raises:
        Refused: It is no time, or has no offset.
    """
    from ledger.custody.times import read_time
    from trace_cli.context import now

    if text is None:
        moment = now().astimezone()
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    return read_time(text)


def make_statement(
    codes: Codes,
    said: Circumstances,
    things: Sequence[Thing],
    *,
    outputs: Sequence[Thing] = (),
    extensions: dict[str, Any] | None = None,
) -> Statement:
    """Make a statement of what was said; the container and the outputs decide what type of event it is.

    Raises:
        Refused: Something that was said is malformed.
    """
    from ledger.custody import vocabulary
    from ledger.custody.label import at_birth
    from ledger.custody.statement import ANYWAY, PROMISED, Kind, Statement, choose_action
    from ledger.custody.times import event_time_text

    step = vocabulary.word("step", said.step)
    container = None if said.container is None else codes.item(said.container).uri
    kind: Kind = "TransformationEvent" if outputs else "AggregationEvent" if container else "ObjectEvent"
    more = {**(extensions or {}), **said.extensions}
    if said.anyway:
        more[ANYWAY] = said.anyway
    if said.promised:
        more[PROMISED] = event_time_text(read_moment(said.promised))
    action = choose_action(kind, step)
    ilmd, more = at_birth(more) if kind == "ObjectEvent" and action == "ADD" else ({}, more)
    return Statement(
        kind=kind,
        time=read_moment(said.at),
        step=step,
        things=tuple(things),
        outputs=tuple(outputs),
        action=action,
        container=container,
        place=None if said.place is None else codes.place(said.place),
        source=None if said.source is None else codes.place(said.source),
        destination=None if said.destination is None else codes.place(said.destination),
        party=None if said.party is None else codes.party(said.party),
        document=None if said.document is None else codes.document(said.document),
        disposition=None if said.disposition is None else vocabulary.word("disposition", said.disposition),
        ilmd={**ilmd, **said.ilmd},
        extensions=more,
    )


def make_event(statement: Statement) -> dict[str, Any]:
    """Make the event of a statement, with an eventID of its own.

    Raises:
        Refused: The statement cannot be an event.
    """
    from ledger.custody.identity import new_event_id
    from ledger.custody.kinds.registry import find_kind

    return {**find_kind(statement.kind).build(statement), "eventID": new_event_id()}


def record_events(
    recorder: Recorder,
    events: Sequence[dict[str, Any]],
    *,
    by: str,
    via: str,
    guard: Guard | None = None,
    refuse_held: bool = True,
) -> Recorded:
    """Record events in one commit; the guard keeps out what the ledger contradicts.

    Args:
        recorder: The ledger.
        events: The events.
        by: Who records.
        via: The way of entry.
        guard: Judges under the writer's lock.
        refuse_held: Keep out what passes on goods that are on hold, their instances and containers included.

    Raises:
        CommandError: All of them are in the ledger already.
        LedgerError: As `Recorder.record`.
    """
    prepared = [recorder.prepare(event, by=by, via=via) for event in events]
    outcome = recorder.record(prepared, guard=guard, refuse_held=refuse_held)
    for held in outcome.held:
        note(f"warning: {held.thing} is on hold since entry {held.hold.seq}; recorded all the same")
    if outcome.appended is None:
        raise CommandError(ExitCode.REFUSED, "all of this is in the ledger already; nothing was written")
    return outcome
