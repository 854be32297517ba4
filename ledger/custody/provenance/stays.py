"""When what was in what: from going in to coming out.

An ADD puts the named children into the parent, a DELETE takes them out, a DELETE that names none takes out
everything (EPCIS 2.0 section 7.4.3). An OBSERVE that names children shows that they are inside: where no ADD is
known, they are from then on. Of a class, amounts go in and out; what is left stays. Packing (AggregationEvent)
and tying to an asset (AssociationEvent) are kept apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, NamedTuple

from ledger.custody.index.roles import AGGREGATING
from ledger.custody.provenance.record import Record, moment_of
from ledger.custody.provenance.spans import END, Moment
from ledger.custody.units import convert, decimal_of

_VIA: Final = {"AggregationEvent": "aggregation", "AssociationEvent": "association"}


class Stay(NamedTuple):
    """A child in a container. `seqs` are the events that say so, `quantity` how much went in, `held` what is left.

    `quantity` and `held` are None for one thing, or an unknown amount.
    """

    child: str
    container: str
    via: str
    entered: Moment
    left: Moment
    seqs: tuple[int, ...]
    quantity: Decimal | None
    held: Decimal | None
    unit: str | None

    @property
    def is_open(self) -> bool:
        """Tell whether the child is still inside."""
        return self.left == END


@dataclass(slots=True)
class _Open:
    entered: Moment
    seqs: list[int]
    unit: str | None
    put_in: Decimal | None
    held: Decimal | None


@dataclass
class Stays:
    """The stays in one container, and the events that take out what no event has put in."""

    found: list[Stay] = field(default_factory=list)
    unpaired: list[tuple[Record, str]] = field(default_factory=list)


def stays_in(
    container: str,
    records: Iterable[Record],
    *,
    child: str | None = None,
    until: Callable[[Record], bool] | None = None,
) -> Stays:
    """Follow what goes into a container and comes out.

    Args:
        container: The container.
        records: Events on it that stand, in any order; others are passed over.
        child: Follow this child alone.
        until: Follow only events for which this is so.
    """
    outcome = Stays()
    inside: dict[tuple[str, str], _Open] = {}

    def close(via: str, uri: str, record: Record) -> None:
        held = inside.pop((via, uri))
        seqs = (*held.seqs, record.seq)
        outcome.found.append(
            Stay(uri, container, via, held.entered, record.moment, seqs, held.put_in, Decimal(0), held.unit)
        )

    for record in sorted({record.seq: record for record in records}.values(), key=moment_of):
        facts = record.facts
        if facts.kind not in AGGREGATING or facts.container != container or (until and not until(record)):
            continue
        via = _VIA[facts.kind]
        named = record.mentions("child")
        if facts.action == "DELETE" and not named:
            for kind, uri in [key for key in inside if key[0] == via]:
                close(kind, uri, record)
        for mention in named:
            if child not in (None, mention.uri):
                continue
            held = inside.get((via, mention.uri))
            amount = decimal_of(mention.quantity)
            if facts.action == "DELETE":
                if held is None:
                    outcome.unpaired.append((record, mention.uri))
                elif not _take(held, amount, mention.unit, record.seq):
                    close(via, mention.uri, record)
            elif held is None:
                inside[via, mention.uri] = _Open(record.moment, [record.seq], mention.unit, amount, amount)
            elif facts.action == "ADD":
                _put(held, amount, mention.unit, record.seq)
    for (via, uri), left in inside.items():
        outcome.found.append(
            Stay(uri, container, via, left.entered, END, tuple(left.seqs), left.put_in, left.held, left.unit)
        )
    return outcome


def _put(held: _Open, amount: Decimal | None, unit: str | None, seq: int) -> None:
    held.seqs.append(seq)
    more = None if amount is None else convert(amount, unit, held.unit)
    held.put_in = None if more is None or held.put_in is None else held.put_in + more
    held.held = None if more is None or held.held is None else held.held + more


def _take(held: _Open, amount: Decimal | None, unit: str | None, seq: int) -> bool:
    """Take some out; tell whether anything is left. An amount that is not said is all of it."""
    less = None if amount is None else convert(amount, unit, held.unit)
    if less is None or held.held is None or held.held <= less:
        return False
    held.held -= less
    held.seqs.append(seq)
    return True
