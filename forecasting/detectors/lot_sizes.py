# SPDX-License-Identifier: Apache-2.0
"""How many items a lot has, as far as somebody declared it.

Three may: a table (or master data) of lots, events that create a lot as a whole with its quantity, and a size that
a product states for all its lots; in this order. The last may also be meant as a multiple for ordering, and the
second may count only what is not serialised: where many lots of the product are larger, they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from forecasting.errors import BadTable
from forecasting.tables.steps import CREATING_STEPS, bare_steps

_NAMES = ("lot_size", "size", "quantity", "declared")
_COUNTS = frozenset(("C62", "EA", "H87", "NAR", ""))  # UN/ECE Rec 20: one, each, piece, number of articles

Key = tuple[str | None, str]
"""Product and lot; None: whatever the product."""


@dataclass(frozen=True)
class LotSizes:
    """Declared sizes: of lots, of lots that an event creates as a whole, and of all lots of a product."""

    lots: Mapping[Key, float] = field(default_factory=dict)
    created: Mapping[Key, float] = field(default_factory=dict)
    products: Mapping[str, float] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Tell whether anything was declared."""
        return bool(self.lots or self.created or self.products)

    def of_lot(self, product: str | None, lot: str) -> float | None:
        """Give the size that a lot itself was declared to have; None: nobody declared it."""
        found = self.lots.get((product, lot))
        return self.lots.get((None, lot)) if found is None else found


def read_lot_sizes(products: pd.DataFrame | None, created: Mapping[Key, float]) -> LotSizes:
    """Read a table of products or lots.

    Args:
        products: lot, product or both, and the number of items.
        created: what events say, from `created_whole`.

    Raises:
        BadTable: it names neither lots nor products.
    """
    if products is None or products.empty:
        return LotSizes(created=created)
    if "lot" not in products and "product" not in products:
        raise BadTable(f"products: expected a column lot or product, got {list(products.columns)}")
    name = next((name for name in _NAMES if name in products), None)
    if name is None:
        return LotSizes(created=created)
    sizes = pd.to_numeric(products[name], errors="coerce")
    lots: dict[Key, float] = {}
    of_products: dict[str, float] = {}
    for product, lot, size in zip(_column(products, "product"), _column(products, "lot"), sizes, strict=True):
        if not size >= 0:
            continue
        if lot is not None:
            lots[product, lot] = float(size)
        elif product is not None:
            of_products[product] = float(size)
    return LotSizes(lots, created, of_products)


def created_whole(rows: pd.DataFrame) -> dict[Key, float]:
    """Add up what events create of lots as a whole, where goods are counted by the piece.

    Args:
        rows: events on goods that are counted, not told apart.
    """
    made = bare_steps(rows["step"]).isin(CREATING_STEPS) & rows["lot"].notna() & rows["quantity"].notna()
    made &= rows["unit"].fillna("").isin(_COUNTS) & (rows["action"] != "DELETE")
    found: dict[Key, float] = {}
    mine = rows[made]
    for product, lot, quantity in zip(
        _column(mine, "product"), _column(mine, "lot"), mine["quantity"], strict=True
    ):
        if lot is not None:
            found[product, lot] = found.get((product, lot), 0.0) + float(quantity)
    return found


def _column(table: pd.DataFrame, name: str) -> list[str | None]:
    if name not in table:
        return [None] * len(table)
    return [str(value) if isinstance(value, str) and value else None for value in table[name]]
