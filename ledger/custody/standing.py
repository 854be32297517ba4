"""What contradicts an event that somebody is about to record: the refusals of daily work, each with its evidence.

Imports record what others say and are never judged so. What is judged is what this ledger knows of the thing, or
of the container it is in, up to the time of the new event:

============= ====================================================================================
word          the new event cannot be, because
============= ====================================================================================
`exists`      it is to come into being, and did so before
`gone`        it was destroyed, sold, dispensed or used up
`shipped`     it was shipped already, and was not received since
`here`        it was received at this place already, and did not leave since (asked for by sessions)
`not_here`    what gives or handles it is at another place than where it was last
`held`        it is on hold, recalled or non-conformant, and was not released since
`expired`     its expiry date is past
`owner`       the party that gives it is not the one that has it
`too_much`    there is less of the lot at this place
============= ====================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from ledger.chain.entry import IMPORTED
from ledger.custody import vocabulary
from ledger.custody.expiry import read_expiry
from ledger.custody.facts import Facts, read_facts
from ledger.custody.item_history import Line
from ledger.custody.times import from_micros, micros
from ledger.custody.unit_symbols import beside
from ledger.custody.units import decimal_of

_SELLING: Final = frozenset({"retail_selling", "dispensing"})
_MOVING: Final = vocabulary.GIVING_STEPS | _SELLING
_TIED: Final = _MOVING | vocabulary.PACKING_STEPS | vocabulary.UNPACKING_STEPS | vocabulary.ENDING_STEPS
_ENDING: Final = vocabulary.ENDING_STEPS | _SELLING
_HOLDING: Final = frozenset({"recalled", "non_conformant", "unavailable", "expired", "damaged", "stolen"})
_RELEASING: Final = frozenset(
    {"active", "available", "conformant", "in_progress", "sellable_accessible", "sellable_not_accessible"}
)


class Planned(NamedTuple):
    """An event about one thing, before it is recorded.

    `moment` is its time, aware of its zone; `uses_up`: it is the input of a transformation; `once`: to receive it
    a second time where it is contradicts, too (in a session; a single command may be meant to say it again).
    """

    uri: str
    is_class: bool
    step: str
    moment: datetime
    place: str | None = None
    party: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    expiry: date | None = None
    uses_up: bool = False
    once: bool = False


class Contradiction(NamedTuple):
    """Why an event cannot be, and the entry that says so (None: the label itself)."""

    word: str
    seq: int | None
    message: str


def plans_of(body: Mapping[str, Any]) -> list[Planned]:
    """List what an event says of each thing that it moves, handles or uses up, to be judged.

    Raises:
        NoEventError: It is no event.
    """
    facts = read_facts(body)
    party = next((uri for role, uri in facts.parties if role == "source: possessing_party"), None)
    return [
        Planned(
            mention.uri,
            mention.of_class,
            facts.step or "",
            from_micros(facts.time),
            facts.place,
            party,
            decimal_of(mention.quantity),
            mention.unit,
            read_expiry(body),
            uses_up=mention.role == "input",
        )
        for mention in facts.mentions
        if mention.role not in ("parent", "output")
    ]


def find_contradiction(planned: Planned, lines: Sequence[Line]) -> Contradiction | None:
    """Hold an event against what is known of its thing; give the first contradiction.

    Args:
        planned: The event.
        lines: The history of the thing, oldest first.
    """
    until = micros(planned.moment)
    standing = [line for line in lines if not line.corrected and line.event.facts.time <= until]
    found = _expired(planned, standing) or _exists(planned, standing)
    if found is None:
        found = _held(planned, standing)
    if found is None:
        found = _too_much(planned, standing) if planned.is_class else _position(planned, standing)
    return found


def _exists(planned: Planned, lines: Sequence[Line]) -> Contradiction | None:
    if planned.is_class or planned.step not in vocabulary.CREATING_STEPS or planned.uses_up:
        return None
    made = next((line for line in lines if line.parent is None and line.event.facts.action == "ADD"), None)
    if made is None or made.event.facts.kind != "ObjectEvent":
        return None
    return _say("exists", made, "it came into being already")


def _position(planned: Planned, lines: Sequence[Line]) -> Contradiction | None:
    if (ended := next((line for line in reversed(lines) if ends(line, planned.uri)), None)) is not None:
        return _say("gone", ended, f"it is gone: {_step(ended)}")
    last = next((line for line in reversed(lines) if line.event.facts.place or _gives(line)), None)
    if last is None:
        return None
    facts = last.event.facts
    if _gives(last) and planned.step in _TIED:
        where = f" to {facts.destination}" if facts.destination else ""
        return _say("shipped", last, f"it was shipped{where} already and not received since")
    if (
        planned.once
        and planned.step in vocabulary.TAKING_STEPS
        and facts.step == planned.step
        and facts.place == planned.place
    ):
        return _say("here", last, "it was received here already")
    tied = planned.step in _TIED or planned.uses_up
    if tied and planned.place and facts.place and facts.place != planned.place and not _gives(last):
        return _say("not_here", last, f"it is not here, but at {facts.place}")
    return _owner(planned, lines)


def _owner(planned: Planned, lines: Sequence[Line]) -> Contradiction | None:
    if planned.party is None or planned.step not in _MOVING:
        return None
    for line in reversed(lines):
        for role, party in line.event.facts.parties:
            if role in ("destination: possessing_party", "party"):
                if party == planned.party:
                    return None
                return _say("owner", line, f"{party} has it, not {planned.party}")
    return None


def _held(planned: Planned, lines: Sequence[Line]) -> Contradiction | None:
    if planned.step not in _MOVING | vocabulary.PACKING_STEPS and not planned.uses_up:
        return None
    if (line := hold_on(lines)) is None:
        return None
    return _say("held", line, f"it is on hold ({line.event.facts.disposition or line.event.facts.step})")


def hold_on(lines: Sequence[Line]) -> Line | None:
    """Find the event that put a thing on hold and was not followed by a release.

    What others say (imports) releases nothing that was put on hold here.
    """
    theirs = False
    for line in reversed(lines):
        facts, imported = line.event.facts, line.event.via == IMPORTED
        if facts.step == "holding" or facts.disposition in _HOLDING:
            return None if theirs and imported else line
        if facts.disposition in _RELEASING and facts.step not in vocabulary.TAKING_STEPS:
            if not imported:
                return None
            theirs = True
    return None


def _expired(planned: Planned, lines: Sequence[Line]) -> Contradiction | None:
    if planned.step not in _MOVING | vocabulary.TAKING_STEPS and not planned.uses_up:
        return None
    seq, expiry = None, planned.expiry
    for line in lines if expiry is None else ():
        if line.event.expiry is not None:
            seq, expiry = line.event.seq, line.event.expiry
    if expiry is None or planned.moment.date() <= expiry:
        return None
    return Contradiction("expired", seq, f"it expired on {expiry.isoformat()}" + _entry(seq))


def _too_much(planned: Planned, lines: Sequence[Line]) -> Contradiction | None:
    """Count a lot at one place: what came into being or arrived there, less what left it or was used up."""
    leaves = planned.step in _MOVING | vocabulary.ENDING_STEPS or planned.uses_up
    if not leaves or planned.quantity is None or planned.place is None:
        return None
    there, last = Decimal(0), None
    for line in lines:
        change = _change(line, planned)
        if change is None:
            return None  # an amount is not known, so nothing can be said
        if change:
            there, last = there + change, line
    if last is None or planned.quantity <= there:
        return None
    here = beside(f"{max(there, Decimal(0)):f}", planned.unit)
    return _say("too_much", last, f"there is {here} of it here, not {planned.quantity:f}")


def _change(line: Line, planned: Planned) -> Decimal | None:
    """Say by how much an event changes what is at the place; None: by an amount that is not known."""
    facts = line.event.facts
    named = [mention for mention in facts.mentions if mention.uri == planned.uri and mention.role != "child"]
    if facts.place != planned.place or not named or facts.kind == "AggregationEvent":
        return Decimal(0)
    sign = _sign(facts, named[0].role)
    if not sign:
        return Decimal(0)
    total = Decimal(0)
    for mention in named:
        amount = mention.quantity
        if not isinstance(amount, int | float | Decimal) or mention.unit != planned.unit:
            return None
        total += Decimal(str(amount))
    return sign * total


def _sign(facts: Facts, role: str) -> int:
    if role in ("input", "output"):
        return 1 if role == "output" else -1
    if facts.action == "ADD" or facts.step in vocabulary.TAKING_STEPS:
        return 1
    return -1 if facts.step in _MOVING or facts.action == "DELETE" else 0


def ends(line: Line, uri: str) -> bool:
    """Tell whether an event ends a thing: sold, dispensed, destroyed or used up."""
    facts = line.event.facts
    if facts.kind == "TransformationEvent":
        return any(mention.uri == uri and mention.role == "input" for mention in facts.mentions)
    return facts.kind == "ObjectEvent" and (facts.action == "DELETE" or facts.step in _ENDING)


def _gives(line: Line) -> bool:
    return line.event.facts.step in vocabulary.GIVING_STEPS


def _step(line: Line) -> str:
    return (line.event.facts.step or "ended").rsplit("/", 1)[-1]


def _entry(seq: int | None) -> str:
    return "" if seq is None else f" (entry {seq})"


def _say(word: str, line: Line, message: str) -> Contradiction:
    return Contradiction(word, line.event.seq, message + _entry(line.event.seq))
