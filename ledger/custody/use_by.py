"""Until when a thing may be used: the declared date, else what its production and shelf life make of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from ledger.custody import vocabulary
from ledger.custody.item_history import Line
from ledger.custody.times import from_micros

_LATEST: Final = date.max


class UseBy(NamedTuple):
    """The last day of use, and the entry that it rests on.

    `made` is the day of production where the last day is derived from it and the shelf life of the product; None:
    the day is declared as it is.
    """

    day: date
    seq: int
    made: date | None = None


def use_by(lines: Sequence[Line], item: str, shelf_life: Decimal | None) -> UseBy | None:
    """Say until when a thing may be used; None: nobody says.

    1. the expiry date that is declared first
    2. the production date that is stated first, and the shelf life
    3. the day of the event that brought it into being, and the shelf life

    Args:
        lines: The events of the thing that stand, oldest first.
        item: The thing.
        shelf_life: From production to the last day of use [days], from the master data of its product.
    """
    for line in lines:  # 1
        if line.event.expiry is not None:
            return UseBy(line.event.expiry, line.event.seq)
    if shelf_life is None:
        return None
    stated = ((line.event.produced, line.event.seq) for line in lines if line.event.produced is not None)
    created = ((_day(line), line.event.seq) for line in lines if _brings_into_being(line, item))
    made, seq = next(stated, None) or next(created, (None, 0))
    if made is None:
        return None
    days = min(int(shelf_life), (_LATEST - made).days)
    return UseBy(made + timedelta(days=days), seq, made)


def _brings_into_being(line: Line, item: str) -> bool:
    facts = line.event.facts
    if line.parent is not None:
        return False
    roles = {mention.role for mention in facts.mentions if mention.uri == item}
    return "output" in roles or (
        facts.kind == "ObjectEvent" and (facts.action == "ADD" or facts.step in vocabulary.CREATING_STEPS)
    )


def _day(line: Line) -> date:
    return from_micros(line.event.facts.time).date()
