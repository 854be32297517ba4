"""How much of the network a run covers. Both sizes end at the same moment, so that the story is the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sample_data.goods import PRODUCTS
from sample_data.network import STORES

END = datetime(2026, 3, 2, tzinfo=UTC)
"""Nothing happens at or after it: the end of a Sunday, so that the last week of sales is whole."""


@dataclass(frozen=True, slots=True)
class Size:
    """A cut through the network."""

    name: str
    first_sale: date
    """A Monday; the goods for it are harvested four days earlier."""
    stores: tuple[str, ...]
    products: tuple[str, ...]


SIZES = {
    "small": Size(
        "small",
        date(2024, 12, 23),
        ("STORE-HOUSTON", "STORE-WICHITA", "STORE-OMAHA"),
        ("STR", "MIX"),
    ),
    "full": Size("full", date(2024, 1, 1), tuple(STORES), tuple(PRODUCTS)),
}
