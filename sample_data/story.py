"""What is planted in the sample, by name: a demonstration points at these, and the tests find them.

Everything here is the same in both sizes and with every seed; only quantities and minutes differ.
"""

from __future__ import annotations

from datetime import date

DEMO_ITEM = "BASKET-0205"
"""A gift basket with a whole, uneventful life: Salinas, Yuma, Dallas, Tulsa, Wichita, sold in December 2025."""

CLONED_SERIAL = "BASKET-0222"
"""A gift basket whose serial number turns up at two stores, 900 km apart, within 35 minutes."""

CLONE_DAY = date(2026, 2, 14)
CLONE_PLACES = ("STORE-HOUSTON", "STORE-WICHITA")
"""Where the real basket is, and where its clone is."""

LATE_LANE = ("DC-DALLAS", "STORE-HOUSTON")
"""Origin and destination of the lane whose deliveries come hours after the promised time."""

QUEUE_PLACE = "XDOCK-TULSA"
"""The cross-dock where pallets wait longer and longer."""

QUEUE_SINCE = date(2026, 1, 5)
"""The first day of the growing queue; before it a pallet waits two to four hours."""

DEMO_PRODUCT = "9521234000037"
"""Spring salad mix: three crops go in, so its lots have three farm lots or more behind them."""

DEMO_LOT = "P26030-MIX"
"""The lot of `DEMO_PRODUCT` packed on 2026-01-30 and sold in every store."""

RECALL_PRODUCT = "99521234009019"
"""Romaine in bulk, as it comes from the field."""

RECALL_LOT = "Y26029-ROM"
"""The lot of `RECALL_PRODUCT` cut at FARM-YUMA on 2026-01-29: it is in every product with romaine."""

STOCK_OUT_PRODUCT = "9521234000020"
"""Strawberries."""

STOCK_OUT_DELIVERIES = (date(2025, 8, 11), date(2025, 8, 14))
"""Two deliveries in a row without strawberries, after heat damage at Salinas: the shelves run empty."""
