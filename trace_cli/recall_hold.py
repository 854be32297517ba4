"""What of a recall may still be passed on: the lot, and what holds it and is still there, less what is on hold."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ledger.custody.codes import Codes
    from ledger.custody.index.lookup import Lookup
    from ledger.custody.provenance.recall import Affected

_THERE: Final = frozenset({"here", "under_way", "packed"})


def held_now(lookup: Lookup) -> dict[str, int]:
    """Give the entry of the hold on each thing that is kept back, the packed ones and instances included."""
    from ledger.custody.provenance.held import held_things, standing_holds

    holds = standing_holds(lookup)
    return {uri: hold.seq for uri, hold in held_things(lookup, holds).items()} if holds else {}


def not_held(lots: Iterable[str], affected: Sequence[Affected], held: dict[str, int]) -> list[str]:
    """List what is to be held: the lots, and each thing that is still there; containers follow these."""
    there = [line.part.uri for line in affected if line.kind != "container" and line.part.state in _THERE]
    return [uri for uri in dict.fromkeys([*lots, *there]) if uri not in held]


def hold_answer(lot: str, affected: Sequence[Affected], held: dict[str, int], codes: Codes) -> dict[str, Any]:
    """Write what is on hold of a recall, what is not, and the command that holds it."""
    parts = dict.fromkeys([lot, *(line.part.uri for line in affected)])
    return {
        "held": {uri: held[uri] for uri in parts if uri in held},
        "free": not_held([lot], affected, held),
        "command": f"trace hold --recall {shlex.quote(codes.short(lot))}",
    }
