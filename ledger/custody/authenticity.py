"""May this thing be what its code says? A judgement on the history of one item, for whoever has it in hand.

The first of these that holds is the verdict:

============= ==========================================================================================
`unknown`     no event names it
`cannot_tell` every event that names it was withdrawn
`gone`        it was sold, dispensed, destroyed or used up, so what is in hand is another thing or stolen
`mismatch`    its label states another lot or expiry date than its maker declared
`held`        it, its lot or what is packed in it is on hold, recalled or non-conformant, and was not released
`expired`     its expiry date is past; where none is declared or on the label, the one that follows from its
              production and the shelf life of the product
`elsewhere`   it was last seen at, or sent to, another place than where it is asked for; or it was received at
              two places with no shipment from the first, so there are two of it
`consistent`  nothing speaks against it. That is no proof: a copy of a genuine code looks the same until both
              are seen
============= ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.chain.counting import counted
from ledger.custody import vocabulary
from ledger.custody.codes import lot_of
from ledger.custody.item_history import Line
from ledger.custody.standing import ends, hold_on
from ledger.custody.times import micros
from ledger.custody.use_by import use_by

if TYPE_CHECKING:
    from ledger.custody.provenance.held import Hold

# In the order in which they are looked for.
VERDICTS: Final = ("unknown", "cannot_tell", "gone", "mismatch", "held", "expired", "elsewhere", "consistent")
_SHOWN: Final = 3


class Asked(NamedTuple):
    """A code in hand: the thing, what its label states, where it is, and when.

    `shelf_life` is that of its product [days], for things whose day of production alone is known.
    """

    uri: str
    is_class: bool
    moment: datetime
    place: str | None = None
    lot: str | None = None
    expiry: date | None = None
    shelf_life: Decimal | None = None


class Judgement(NamedTuple):
    """A verdict of `VERDICTS`, the entries that say so, and a sentence."""

    verdict: str
    seqs: tuple[int, ...]
    explanation: str


def judge(asked: Asked, lines: Sequence[Line], hold: Hold | None = None) -> Judgement:
    """Hold a code in hand against the history of its thing.

    Args:
        asked: The code.
        lines: The history, oldest first.
        hold: What keeps it back now: its own hold, that of its lot, or that of what is packed in it.
    """
    found = _judge(asked, lines)
    return found if hold is None else kept_back(found, asked.uri, hold)


def kept_back(found: Judgement, uri: str, hold: Hold) -> Judgement:
    """Add to a judgement on a thing that a hold, of itself or of something else, keeps it back."""
    if VERDICTS.index(found.verdict) <= VERDICTS.index("held"):
        return found
    words = ", ".join(sorted(hold.words))
    through = "it is on hold" if hold.thing == uri else f"it is kept back with {hold.thing}, which is on hold"
    return Judgement("held", (hold.seq,), f"{through} ({words}) since entry {hold.seq}")


def _judge(asked: Asked, lines: Sequence[Line]) -> Judgement:
    until = micros(asked.moment)
    if not lines:
        return Judgement("unknown", (), "no event names it: nobody here made, bought or received it")
    standing = [line for line in lines if not line.corrected and line.event.facts.time <= until]
    if not standing:
        return _say("cannot_tell", lines[-_SHOWN:], "every event that names it was withdrawn, or is yet to happen")
    found = (
        _gone(asked, standing)
        or _mismatch(asked, standing)
        or _held(standing)
        or _expired(asked, standing)
        or _elsewhere(asked, standing)
    )
    if found is not None:
        return found
    seen = standing[-1]
    where = f" at {seen.event.facts.place}" if seen.event.facts.place else ""
    count = counted(len(standing), "event")
    return _say("consistent", standing[-_SHOWN:], f"nothing speaks against it; {count}, last {_step(seen)}{where}")


def _gone(asked: Asked, lines: Sequence[Line]) -> Judgement | None:
    if asked.is_class:
        return None  # a part of a lot may be sold
    ended = next((line for line in reversed(lines) if ends(line, asked.uri)), None)
    return None if ended is None else _say("gone", (ended,), f"it is gone: {_step(ended)} on {_day(ended)}")


def _mismatch(asked: Asked, lines: Sequence[Line]) -> Judgement | None:
    """Hold the label against what was declared first, which is what its maker or the first receiver stated."""
    if asked.lot is not None:
        line = next((line for line in lines if line.event.lot is not None), None)
        if line is not None and number_of(line.event.lot) != number_of(asked.lot):
            said = f"the label states lot {number_of(asked.lot)}, declared was lot {number_of(line.event.lot)}"
            return _say("mismatch", (line,), said)
    if asked.expiry is not None:
        line = next((line for line in lines if line.event.expiry is not None), None)
        if line is not None and line.event.expiry is not None and line.event.expiry != asked.expiry:
            said = f"the label states expiry {asked.expiry}, declared was {line.event.expiry}"
            return _say("mismatch", (line,), said)
    return None


def _held(lines: Sequence[Line]) -> Judgement | None:
    line = hold_on(lines)
    if line is None:
        return None
    facts = line.event.facts
    return _say("held", (line,), f"it is on hold ({facts.disposition or facts.step}) since {_day(line)}")


def _expired(asked: Asked, lines: Sequence[Line]) -> Judgement | None:
    found = use_by(lines, asked.uri, None if asked.expiry else asked.shelf_life)
    expiry = asked.expiry if found is None else found.day
    if expiry is None or asked.moment.date() <= expiry:
        return None
    told = f"it expired on {expiry}"
    if found is not None and found.made is not None:
        told += f" (derived: made on {found.made}, and it keeps {asked.shelf_life:f} days)"
    return Judgement("expired", () if found is None else (found.seq,), told)


def _elsewhere(asked: Asked, lines: Sequence[Line]) -> Judgement | None:
    if asked.is_class:
        return None  # a lot is in many places
    received: Line | None = None
    for line in lines:
        facts = line.event.facts
        if facts.step in vocabulary.GIVING_STEPS:
            received = None
        elif facts.step in vocabulary.TAKING_STEPS and facts.place:
            if received is not None and received.event.facts.place != facts.place:
                first = received.event.facts.place
                said = f"it was received at {first} and then at {facts.place}, and never shipped in between"
                return _say("elsewhere", (received, line), said)
            received = line
    last = next((line for line in reversed(lines) if line.event.facts.place or line.event.facts.destination), None)
    if asked.place is None or last is None:
        return None
    facts = last.event.facts
    if facts.step in vocabulary.GIVING_STEPS:
        if facts.destination in (None, asked.place):
            return None
        return _say("elsewhere", (last,), f"it was sent to {facts.destination} on {_day(last)}")
    if facts.place in (None, asked.place):
        return None
    return _say("elsewhere", (last,), f"it was last seen at {facts.place} on {_day(last)} and not shipped since")


def number_of(lot: str | None) -> str | None:
    """Reduce a lot to its number, whichever way it is written."""
    return None if lot is None else (lot_of(lot) or lot).rsplit("/", 1)[-1].rsplit(":", 1)[-1]


def _day(line: Line) -> str:
    from ledger.custody.times import from_micros

    return f"{from_micros(line.event.facts.time):%Y-%m-%d}"


def _step(line: Line) -> str:
    return (line.event.facts.step or "seen").rsplit("/", 1)[-1]


def _say(verdict: str, lines: Sequence[Line], explanation: str) -> Judgement:
    return Judgement(verdict, tuple(sorted({line.event.seq for line in lines})), explanation)
