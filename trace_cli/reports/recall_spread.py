"""What the picture of a recall holds: the lots, what they went into tier by tier, and where that ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from trace_cli.formats.spread_picture import Box, spread_picture
from trace_cli.reports.provenance import amount
from trace_cli.reports.recall_words import STATES

if TYPE_CHECKING:
    from ledger.custody.codes import Codes
    from ledger.custody.provenance.answer import Node
    from ledger.custody.provenance.recall import Affected, Recall

# So many boxes stand in one column; what is more is put together: a recall of 1,000 things is still a picture.
_MOST: Final = 8
_ENDS: Final = 14
_GONE: Final = frozenset({"sold", "destroyed"})


def draw_spread(recalls: Sequence[Recall], affected: Sequence[Affected], codes: Codes) -> str:
    """Draw how lots spread, and where they are."""
    nodes = {node.uri: node for found in recalls for node in found.answer.nodes}
    # A pallet that goods merely travelled on says nothing; one that they are on now, or that was used up, does.
    told = {line.part.uri for line in affected} | {
        link.source for found in recalls for link in found.answer.links if link.via == "transformation"
    }
    nodes = {uri: node for uri, node in nodes.items() if node.kind != "container" or uri in told}
    tiers = [tier for tier in _tiers(recalls, nodes) if tier]
    boxes: list[Box] = []
    box_of: dict[str, int] = {}
    for column, tier in enumerate(tiers):
        for group in _groups([nodes[uri] for uri in tier]):
            box_of.update(dict.fromkeys((node.uri for node in group), len(boxes)))
            boxes.append(_box_of(column, group, codes))
    arrows: dict[tuple[int, int], list[tuple[Decimal | None, str | None]]] = {}
    for found in recalls:
        for link in found.answer.links:
            source, target = box_of.get(link.source), box_of.get(link.target)
            if source is not None and target is not None and source != target:
                arrows.setdefault((source, target), []).append((link.quantity, link.unit))
    _add_ends(boxes, box_of, arrows, affected, len(tiers), codes)
    drawn = [(source, target, _sum_text(parts)) for (source, target), parts in arrows.items()]
    title = "How the lot spread, from left to right: what it went into, and where that is or was sold"
    return spread_picture(boxes, drawn, title=title)


def _tiers(recalls: Sequence[Recall], nodes: dict[str, Node]) -> list[list[str]]:
    """Put each thing one tier behind the first that it came from, as the walks reached them."""
    tier = {found.lot: 0 for found in recalls}
    onward: dict[str, list[str]] = {}
    for found in recalls:
        for link in found.answer.links:
            onward.setdefault(link.source, []).append(link.target)
    waiting = list(tier)
    for uri in waiting:  # grows while it is read
        for target in onward.get(uri, ()):
            if target not in tier:
                tier[target] = tier[uri] + 1
                waiting.append(target)
    found_tiers: list[list[str]] = [[] for _ in range(max(tier.values(), default=0) + 1)]
    for uri in waiting:
        if uri in nodes:
            found_tiers[tier[uri]].append(uri)
    return found_tiers


def _groups(nodes: Sequence[Node]) -> list[list[Node]]:
    """Keep the things of a tier apart where they are few; else put those of a kind and product together."""
    if len(nodes) <= _MOST:
        return [[node] for node in nodes]
    alike: dict[tuple[str, str | None], list[Node]] = {}
    for node in nodes:
        alike.setdefault((node.kind, node.product), []).append(node)
    groups = sorted(alike.values(), key=len, reverse=True)
    rest = [node for group in groups[_MOST - 1 :] for node in group]
    return groups[: _MOST - 1] + ([rest] if rest else [])


def _box_of(column: int, group: Sequence[Node], codes: Codes) -> Box:
    look = "thing" if column else "lot"
    if len(group) == 1:
        node = group[0]
        parts = [codes.called(node.product)] if node.product and node.lot else []
        made = amount(node.quantity, node.unit)
        parts += [made] if made else [f"at {codes.called(node.place)}"] if node.place else [node.kind]
        return Box(column, node.lot or codes.called(node.uri), ", ".join(parts), look)
    kinds = {node.kind for node in group}
    products = {node.product for node in group}
    kind = f"{kinds.pop()}s" if len(kinds) == 1 else "things"
    of = products.pop() if len(products) == 1 else None
    whole = _sum_text([(node.quantity, node.unit) for node in group])
    return Box(column, f"{len(group):,} {kind}" + (f" of {codes.called(of)}" if of else ""), whole, look)


def _add_ends(
    boxes: list[Box],
    box_of: dict[str, int],
    arrows: dict[tuple[int, int], list[tuple[Decimal | None, str | None]]],
    affected: Sequence[Affected],
    column: int,
    codes: Codes,
) -> None:
    """Add where goods are or were sold or destroyed; what can still be stopped stands first."""
    ends: dict[tuple[str | None, str], list[Affected]] = {}
    for line in affected:
        if line.part.state != "used" and line.kind != "container":
            state: str = "here" if line.part.state == "packed" else line.part.state
            ends.setdefault((line.part.place, state), []).append(line)
    order = sorted(ends, key=lambda key: (key[1] in _GONE, key[1], key[0] or ""))
    shown = order if len(order) <= _ENDS else order[: _ENDS - 1]
    for key in shown:
        place, state = key
        whole = _sum_text([(line.part.quantity, line.part.unit) for line in ends[key]])
        said = f"{STATES.get(state, state)}: {whole}".rstrip(": ")
        title = codes.called(place) if place else "place unknown"
        _add_end(boxes, box_of, arrows, ends[key], Box(column, title, said, _look([state])))
    rest = [line for key in order[len(shown) :] for line in ends[key]]
    if rest:
        said = f"{len(order) - len(shown):,} more places"
        look = _look(line.part.state for line in rest)
        whole = _sum_text([(line.part.quantity, line.part.unit) for line in rest])
        _add_end(boxes, box_of, arrows, rest, Box(column, said, whole, look))


def _add_end(
    boxes: list[Box],
    box_of: dict[str, int],
    arrows: dict[tuple[int, int], list[tuple[Decimal | None, str | None]]],
    lines: Iterable[Affected],
    box: Box,
) -> None:
    boxes.append(box)
    for line in lines:
        if (source := box_of.get(line.part.uri)) is not None:
            arrows.setdefault((source, len(boxes) - 1), []).append((line.part.quantity, line.part.unit))


def _look(states: Iterable[str]) -> str:
    return "gone" if all(state in _GONE for state in states) else "open"


def _sum_text(parts: Sequence[tuple[Decimal | None, str | None]]) -> str:
    """Add amounts up where they are known and measure the same."""
    from ledger.custody.units import total

    return amount(*total(parts))
