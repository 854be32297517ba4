"""The rows of the sample while they are written: one row is one event of one thing."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sample_data.clock import local_text
from sample_data.identifiers import sscc
from sample_data.network import PLACES

COLUMNS = (
    "time", "step", "item", "product", "lot", "quantity", "unit", "place", "from", "to", "container", "party",
    "document", "disposition", "recorded", "promised", "transformation", "role",
)  # fmt: skip
"""The default column names of `trace import`, and two for transformations."""

Cells = Mapping[str, str]

DISPOSITIONS = {
    "commissioning": "active",
    "creating_class_instance": "active",
    "shipping": "in_transit",
    "receiving": "in_progress",
    "packing": "in_progress",
    "unpacking": "in_progress",
    "inspecting": "conformant",
    "storing": "sellable_accessible",
    "retail_selling": "retail_sold",
    "destroying": "destroyed",
    "decommissioning": "inactive",
}
"""CBV disposition that each CBV business step leaves behind."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row, in the order in which things happen."""

    moment: datetime
    """UTC."""
    cells: Cells

    @property
    def values(self) -> list[str]:
        """The cells in the order of `COLUMNS`, empty where there is none."""
        return [self.cells.get(name, "") for name in COLUMNS]


def lot_cells(gtin: str, lot: str, ticks: int) -> dict[str, str]:
    """Return the cells for a quantity of a lot, in kilograms."""
    return {"product": gtin, "lot": lot, "quantity": f"{ticks / 10:.1f}", "unit": "KGM"}


class Journal:
    """Collects rows; gives each moment its record time and each pallet its SSCC."""

    def __init__(self, seed: int, *, until: datetime) -> None:
        self._until = until
        self._rows: list[Row] = []
        self._rng = random.Random(f"{seed}/records")  # noqa: S311 (a reproducible sample, not a secret)
        self._pallets = 0

    def next_sscc(self) -> str:
        """Return the SSCC of a new pallet."""
        self._pallets += 1
        return sscc(self._pallets)

    def _delay(self, step: str) -> timedelta:
        """Return how long after the event the source system writes it; a few are keyed in hours later."""
        seconds = self._rng.randint(2400, 4500) if step == "retail_selling" else self._rng.randint(20, 420)
        if self._rng.random() < 0.03:
            seconds += self._rng.randint(7200, 36000)
        return timedelta(seconds=seconds)

    def add(
        self,
        moment: datetime,
        step: str,
        place: str,
        things: Iterable[Cells],
        *,
        shared: Cells | None = None,
        promised: datetime | None = None,
    ) -> None:
        """Write what happens to some things at one moment: one row each, one record time for all.

        Args:
            moment: When it happens, UTC. What would happen after the end of the sample is left out.
            step: A CBV 2.0 business step.
            place: The code of the place.
            things: The cells that name each thing.
            shared: Cells that all rows have beside their own.
            promised: Promised arrival, for shipping only.
        """
        if moment >= self._until:
            return
        zone = PLACES[place].zone
        common = {
            "time": local_text(zone, moment),
            "step": step,
            "place": place,
            "disposition": DISPOSITIONS[step],
            "recorded": local_text(zone, moment + self._delay(step)),
            **(shared or {}),
        }
        if "from" in common:
            common["party"] = PLACES[place].party
        if promised is not None:
            common["promised"] = local_text(zone, promised)
        self._rows.extend(Row(moment, {**common, **thing}) for thing in things)

    def rows(self) -> list[Row]:
        """Return all rows by time; rows of one moment keep the order in which they were written."""
        return sorted(self._rows, key=lambda row: row.moment)
