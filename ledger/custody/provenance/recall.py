"""A recall: everything that holds a lot at any depth, where that is now, who has it, how much, whom to call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from ledger.custody.index.lookup import Lookup
from ledger.custody.provenance.answer import Answer, NodeKind, make_answer
from ledger.custody.provenance.balance import Tolerance, UnitOf, as_met, exact, in_unit
from ledger.custody.provenance.gaps import Gap
from ledger.custody.provenance.graph import trace
from ledger.custody.provenance.stock import GONE, Part, parts_of
from ledger.custody.unit_symbols import beside
from ledger.custody.units import convert

Contact = Callable[[str | None, str | None], str | None]
_LEFT: Final = frozenset({"here", "under_way", "packed"})
_SOLD: Final = frozenset({"sold"})
MOCK_KIND: Final = "recall"  # the kind of the entry that keeps a mock recall


@dataclass(frozen=True, slots=True)
class Affected:
    """One line of the list: some of a thing that holds the lot; `contact` is whom to call."""

    kind: NodeKind
    part: Part
    contact: str | None


@dataclass(frozen=True, slots=True)
class There:
    """What is at a place now, of one unit; `quantity` None: at least one part is of unknown amount."""

    place: str | None
    quantity: Decimal | None
    unit: str | None
    items: int


@dataclass(frozen=True)
class Recall:
    """The answer: the list, where the goods are now, where they were sold, and the walk that it rests on."""

    lot: str
    affected: tuple[Affected, ...]
    where: tuple[There, ...]
    sold: tuple[There, ...]
    answer: Answer
    gaps: tuple[Gap, ...]

    @property
    def complete(self) -> bool:
        """Tell whether no gap is known."""
        return not self.gaps


@dataclass(frozen=True)
class United:
    """The recalls of several lots as one: what holds two of them is listed, and counted, once.

    `lots` names for each line of `affected` the lots that are in it.
    """

    affected: tuple[Affected, ...]
    lots: tuple[tuple[str, ...], ...]
    where: tuple[There, ...]
    sold: tuple[There, ...]
    gaps: tuple[Gap, ...]

    @property
    def complete(self) -> bool:
        """Tell whether no gap is known."""
        return not self.gaps


def unite(recalls: Sequence[Recall]) -> United:
    """Lay the recalls of several lots together."""
    lots: dict[Affected, list[str]] = {}
    for found in recalls:
        for line in found.affected:
            lots.setdefault(line, []).append(found.lot)
    affected = sorted(lots, key=lambda line: line.part.state in GONE)
    return United(
        tuple(affected),
        tuple(tuple(lots[line]) for line in affected),
        _places(affected, _LEFT),
        _places(affected, _SOLD),
        tuple(dict.fromkeys(gap for found in recalls for gap in found.gaps)),
    )


def find_recall(
    lookup: Lookup,
    lot: str,
    *,
    contact: Contact | None = None,
    tolerance: Tolerance = exact,
    unit_of: UnitOf = as_met,
) -> Recall:
    """Find everything that holds a lot.

    Args:
        lookup: The index and the reader of one snapshot.
        lot: The lot, or any thing.
        contact: Gives whom to call, by holder and place.
        tolerance: As `make_answer`.
        unit_of: As `make_answer`.

    Raises:
        Untrue: An event that the answer needs does not hold.
    """
    answer = make_answer(trace(lookup, lot, "forward"), tolerance, unit_of)
    graph = answer.graph
    full = {
        container
        for (container, child), stays in graph.stays.items()
        if child in graph.spans and any(stay.is_open for stay in stays.found)
    }
    affected: list[Affected] = []
    overdrawn: list[Gap] = []
    for node in answer.nodes:
        if node.kind == "container" and node.uri not in full and node.uri != lot:
            continue  # it held the lot once, and is empty of it now
        parts, short = parts_of(graph, node.uri)
        if short > 0:
            overdrawn.append(_overdrawn(node.uri, short, parts[0].unit, node.seqs))
        for part in parts:
            quantity, unit = in_unit(part.quantity, part.unit, unit_of(node.product))
            part = replace(part, quantity=quantity, unit=unit)
            affected.append(Affected(node.kind, part, contact(part.holder, part.place) if contact else None))
    affected.sort(key=lambda line: line.part.state in GONE)
    return Recall(
        lot,
        tuple(affected),
        _places(affected, _LEFT),
        _places(affected, _SOLD),
        answer,
        (*answer.gaps, *overdrawn),
    )


def _overdrawn(uri: str, short: Decimal, unit: str | None, seqs: tuple[int, ...]) -> Gap:
    amount = beside(f"{short:f}", unit)
    return Gap(
        "out_of_nothing",
        uri,
        seqs,
        f"{amount} more of {uri} was moved, used or sold than there was",
        "the event that made or received the rest of it, or a correction of a wrong quantity",
    )


def _places(affected: list[Affected], states: frozenset[str]) -> tuple[There, ...]:
    """Add up what is at each place in some states, in the first unit met there."""
    found: dict[tuple[str | None, str | None], list[Part]] = {}
    for line in affected:
        part = line.part
        if part.state not in states or line.kind == "container":
            continue  # what is in a container is counted itself
        key = next(
            (key for key in found if key[0] == part.place and convert(Decimal(1), part.unit, key[1]) is not None),
            (part.place, part.unit),
        )
        found.setdefault(key, []).append(part)
    lines = []
    for (place, unit), parts in found.items():
        known = [convert(part.quantity, part.unit, unit) for part in parts if part.quantity is not None]
        total = sum((one for one in known if one is not None), Decimal(0)) if known else None
        lines.append(There(place, total, unit, len(parts)))
    return tuple(sorted(lines, key=lambda line: (line.place or "", line.unit or "")))
