"""What a walk found, as tables for a page or a workbook."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ledger.custody.unit_symbols import symbol
from trace_cli.formats.tabular import Table

if TYPE_CHECKING:
    from ledger.custody.provenance.answer import Answer


def provenance_tables(answer: Answer, short: Callable[[str], str]) -> list[Table]:
    """Lay an answer out.

    Args:
        answer: What was found.
        short: Writes a URI as people do.
    """

    def shown(uri: str | None) -> str | None:
        return None if uri is None else short(uri)

    def listed(seqs: tuple[int, ...]) -> str:
        return ", ".join(map(str, seqs))

    things = Table("Things", ("Thing", "Kind", "Product", "Lot", "Quantity", "Unit", "Place", "Holder", "Entries"))
    for node in answer.nodes:
        amount = (node.quantity, node.unit, shown(node.place), shown(node.holder), listed(node.seqs))
        things.rows.append((short(node.uri), node.kind, shown(node.product), node.lot, *amount))
    links = Table("Links", ("From", "To", "By", "Quantity", "Unit", "Entries"))
    for link in answer.links:
        amounts = (link.quantity, link.unit, listed(link.seqs))
        links.rows.append((short(link.source), short(link.target), link.via, *amounts))
    balance = Table("Mass balance", ("Entry", "Unit", "In", "Out", "Difference", "Within tolerance"))
    words = {True: "yes", False: "no", None: None}
    for line in answer.balance:
        balance.rows.append((line.seq, line.unit, line.inputs, line.outputs, line.difference, words[line.within]))
    gaps = Table("Gaps", ("Kind", "About", "Entries", "What is missing", "What mends it"))
    for gap in answer.gaps:
        gaps.rows.append((gap.kind, short(gap.item), listed(gap.seqs), gap.message, gap.remedy))
    return [things, links, balance, gaps]


def with_symbols(tables: Iterable[Table]) -> list[Table]:
    """Write the units of tables as people do, for a page; a workbook keeps the codes, which programs read."""
    return [Table(table.title, table.head, [_told(table.head, row) for row in table.rows]) for table in tables]


def _told(head: tuple[str, ...], row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(
        symbol(cell) if name == "Unit" and isinstance(cell, str) else cell
        for name, cell in zip(head, row, strict=True)
    )
