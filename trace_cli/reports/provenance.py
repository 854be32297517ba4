"""The answer of `back` and `forward`: as JSON keys, and as a tree for people."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from ledger.custody.unit_symbols import beside

if TYPE_CHECKING:
    from ledger.custody.codes import Codes
    from ledger.custody.provenance.answer import Answer, Node
    from ledger.custody.provenance.balance import Balance
    from ledger.custody.provenance.gaps import Gap
    from ledger.custody.provenance.graph import Link

_DEEPEST: Final = 40


def number(value: Decimal | None) -> int | float | None:
    """Write a quantity as JSON has it."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def amount(quantity: Decimal | None, unit: str | None) -> str:
    """Write a quantity for people; the empty text where none is known."""
    if quantity is None:
        return ""
    text = f"{quantity:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return beside(text, unit)


def trace_answer(answer: Answer, verdict: dict[str, Any], warnings: list[str]) -> dict[str, Any]:
    """Write the keys of `trace.back/1` and `trace.forward/1`."""
    graph = answer.graph
    return {
        "schema": f"trace.{graph.direction}/1",
        "item": graph.item,
        "nodes": [_node(node) for node in answer.nodes],
        "links": [_link(link) for link in answer.links],
        "balance": [balance_keys(line) for line in answer.balance],
        "gaps": [gap_keys(gap) for gap in answer.gaps],
        "complete": answer.complete,
        "corrected": graph.source.corrected,
        "verdict": verdict,
        "warnings": warnings,
    }


def _node(node: Node) -> dict[str, Any]:
    return {
        "id": node.uri,
        "kind": node.kind,
        "product": node.product,
        "lot": node.lot,
        "quantity": number(node.quantity),
        "unit": node.unit,
        "place": node.place,
        "holder": node.holder,
        "events": list(node.seqs),
    }


def _link(link: Link) -> dict[str, Any]:
    return {
        "from": link.source,
        "to": link.target,
        "via": link.via,
        "seq": link.seq,
        "quantity": number(link.quantity),
        "unit": link.unit,
        "seqs": list(link.seqs),
    }


def balance_keys(line: Balance) -> dict[str, Any]:
    """Write one line of mass balance."""
    return {
        "seq": line.seq,
        "unit": line.unit,
        "inputs": number(line.inputs),
        "outputs": number(line.outputs),
        "difference": number(line.difference),
        "within": line.within,
        "tolerance": number(line.tolerance),
        "transformation": line.transformation,
        "seqs": list(line.seqs),
    }


def gap_keys(gap: Gap) -> dict[str, Any]:
    """Write one gap."""
    return {
        "kind": gap.kind,
        "item": gap.item,
        "seqs": list(gap.seqs),
        "message": gap.message,
        "remedy": gap.remedy,
    }


def tree_lines(answer: Answer, codes: Codes) -> list[str]:
    """Draw the answer as a tree; what was drawn before is named and not drawn again."""
    nodes = {node.uri: node for node in answer.nodes}
    back = answer.graph.direction == "back"
    onward: dict[str, list[tuple[str, Link]]] = {}
    for link in answer.links:
        here, there = (link.target, link.source) if back else (link.source, link.target)
        onward.setdefault(here, []).append((there, link))
    lines = [_line(nodes[answer.graph.item], codes)]
    drawn = {answer.graph.item}
    waiting = [(answer.graph.item, there, link, 1) for there, link in reversed(onward.get(answer.graph.item, []))]
    while waiting:
        _, uri, link, depth = waiting.pop()
        went = amount(link.quantity, link.unit)
        how = {
            "transformation": "made into",
            "aggregation": "packed in",
            "association": "tied to",
            "lot": "lot of",
        }
        if back:
            how = {"transformation": "made from", "aggregation": "held", "association": "tied", "lot": "of lot"}
        head = f"{'  ' * min(depth, _DEEPEST)}{how[link.via]} "
        told = f"  [{went + ', ' if went else ''}entry {link.seq}]"
        if uri in drawn:
            lines.append(f"{head}{codes.short(uri)}{told}  (above)")
            continue
        drawn.add(uri)
        lines.append(f"{head}{_line(nodes[uri], codes)}{told}")
        waiting += [(uri, there, more, depth + 1) for there, more in reversed(onward.get(uri, []))]
    return lines


def _line(node: Node, codes: Codes) -> str:
    parts = [codes.short(node.uri)]
    if made := amount(node.quantity, node.unit):
        parts.append(made)
    if node.place:
        parts.append(f"at {codes.short(node.place)}")
    if node.holder:
        parts.append(f"held by {codes.short(node.holder)}")
    return "  ".join(parts)


def gap_lines(answer_gaps: tuple[Gap, ...], codes: Codes) -> list[str]:
    """Tell each gap, and the record that would mend it; codes as people write them."""
    lines = []
    for gap in answer_gaps:
        lines.append(f"GAP   {shorten(gap.message, codes)}")
        lines.append(f"      mend: record {shorten(gap.remedy, codes)}")
    return lines


def shorten(text: str, codes: Codes) -> str:
    """Write the URIs in a text as people do."""
    return " ".join(
        codes.short(word.rstrip(",")) + ("," if word.endswith(",") else "") for word in text.split(" ")
    )
