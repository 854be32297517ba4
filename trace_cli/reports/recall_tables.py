"""The tables of the recall report: whom to call, what is affected, where it is, gaps, exercises, proof."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from trace_cli.formats.tabular import Table
from trace_cli.reports.provenance import amount, shorten
from trace_cli.reports.recall_words import HEAD, PLACES, STATES

if TYPE_CHECKING:
    from ledger.custody.codes import Codes
    from ledger.custody.provenance.recall import Affected, There, United

_OVER: Final = frozenset({"used", "sold", "destroyed"})
_CALLED: Final = frozenset({"here", "under_way", "packed", "sold"})


@dataclass(frozen=True)
class Mock:
    """An exercise that the ledger keeps: the entry, when, which lot, and what it says."""

    seq: int
    recorded: str
    lot: str
    body: Mapping[str, Any]


def recall_tables(
    found: United, held: Mapping[str, int], mocks: Sequence[Mock], codes: Codes, *, several: bool
) -> list[Table]:
    """Lay a recall out.

    Args:
        found: What is affected.
        held: The entry of the hold on each thing that must not be passed on.
        mocks: The exercises on these lots, newest first.
        codes: How identifiers are written.
        several: More than one lot is recalled, so each line names its own.
    """
    head = ("item", *HEAD[1:], "on hold", *(("lots",) if several else ()))
    affected = Table("Affected", tuple(name[:1].upper() + name[1:] for name in head))
    for line, lots in zip(found.affected, found.lots, strict=True):
        part = line.part
        hold = f"entry {held[part.uri]}" if part.uri in held else "NO" if part.state not in _OVER else ""
        affected.rows.append(
            (
                codes.short(part.uri),
                STATES.get(part.state, part.state),
                _short(codes, part.place),
                _short(codes, part.container),
                _short(codes, part.holder),
                part.quantity,
                part.unit,
                line.contact,
                part.last_seq,
                hold,
                *((", ".join(map(codes.short, lots)),) if several else ()),
            )
        )
    gaps = Table("Gaps", ("Kind", "About", "Entries", "What is missing", "What mends it"))
    for gap in found.gaps:
        texts = (shorten(gap.message, codes), shorten(gap.remedy, codes))
        gaps.rows.append((gap.kind, codes.short(gap.item), ", ".join(map(str, gap.seqs)), *texts))
    tables = [
        calls_table(found.affected, codes),
        gaps,
        affected,
        _places("Now at", found.where, codes),
        _places("Sold at", found.sold, codes),
    ]
    return [*tables, _exercises(mocks, codes)] if mocks else tables


def calls_table(affected: Sequence[Affected], codes: Codes) -> Table:
    """List whom to call: each holder once, with what they have or sold, and where."""
    table = Table("Whom to call", ("Holder", "Contact", "Has", "Sold", "Where", "Entries"))
    calls: dict[tuple[str | None, str | None], list[Affected]] = {}
    for line in affected:
        if line.part.state in _CALLED:
            calls.setdefault((line.part.holder, line.contact), []).append(line)
    for (holder, contact), lines in calls.items():
        goods = [line for line in lines if line.kind != "container"]
        places = dict.fromkeys(line.part.place for line in lines if line.part.place)
        table.rows.append(
            (
                _short(codes, holder) or "unknown",
                contact or f"no contact known ({_remedy(holder, lines[0].part.place)})",
                _amounts([line for line in goods if line.part.state != "sold"]),
                _amounts([line for line in goods if line.part.state == "sold"]),
                ", ".join(map(codes.short, places)) or "place unknown",
                ", ".join(map(str, sorted({line.part.last_seq for line in lines}))),
            )
        )
    return table


def _remedy(holder: str | None, place: str | None) -> str:
    """Say how a contact becomes known: of the holder, else of the place."""
    what, uri = ("partner", holder) if holder or not place else ("place", place)
    code = shlex.quote(unquote(uri.rpartition("/")[2])) if uri else "CODE"
    return f"trace {what} add {code} --contact TEXT"


def _amounts(lines: Sequence[Affected]) -> str:
    """Add up by unit; what is of unknown amount is counted."""
    sums: dict[str | None, Decimal] = {}
    unknown = 0
    for line in lines:
        if line.part.quantity is None:
            unknown += 1
        else:
            sums[line.part.unit] = sums.get(line.part.unit, Decimal(0)) + line.part.quantity
    told = [amount(quantity, unit) for unit, quantity in sums.items()]
    return ", ".join([*told, *([f"{unknown} of unknown amount"] if unknown else [])])


def _places(title: str, places: Sequence[There], codes: Codes) -> Table:
    rows: list[tuple[Any, ...]] = [
        (_short(codes, at.place) or "place unknown", at.quantity, at.unit, at.items) for at in places
    ]
    return Table(title, tuple(name.capitalize() for name in PLACES), rows)


def _exercises(mocks: Sequence[Mock], codes: Codes) -> Table:
    head = ("Entry", "Recorded", "Lot", "Took [s]", "Lines", "Places", "Gaps", "Head")
    table = Table("Mock recalls on record", head)
    for mock in mocks:
        body = mock.body
        places, checkpoint = body.get("places"), body.get("checkpoint")
        size = checkpoint.get("size") if isinstance(checkpoint, Mapping) else None
        count = len(places) if isinstance(places, list) else None
        numbers = (_cell(body.get(key)) for key in ("seconds", "affected"))
        told = (*numbers, count, _cell(body.get("gaps")), _cell(size))
        table.rows.append((mock.seq, mock.recorded, codes.short(mock.lot), *told))
    return table


def _cell(value: Any) -> int | Decimal | None:
    return value if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def _short(codes: Codes, uri: str | None) -> str | None:
    return None if uri is None else codes.short(uri)
