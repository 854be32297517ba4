"""The dates that an event states: of expiry, and of production."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Final

EXPIRY: Final = "trace:expiry"


# AI (11) of the GS1 General Specifications, by the names that it has in ilmd and in tables.
_PRODUCED: Final = frozenset({"productionDate", "production_date", "manufactureDate", "packagingDate"})


def read_production(body: Mapping[str, Any]) -> date | None:
    """Read the production date that an event states, in `ilmd` or in a column of a table."""
    found = [body[key] for key in _production_names(tuple(body))]
    if "ilmd" in body and isinstance(ilmd := body["ilmd"], dict):
        found += [ilmd[key] for key in _production_names(tuple(ilmd))]
    return _first_date(found) if found else None


@lru_cache(maxsize=256)  # events of one kind, from one source, have the same fields
def _production_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Pick out the names of production dates, with any prefix."""
    return tuple(name for name in names if name.rpartition(":")[2] in _PRODUCED)


def read_expiry(body: Mapping[str, Any]) -> date | None:
    """Read the expiry date that an event states, in `ilmd` (CBV `itemExpirationDate`) or in our own field."""
    stated = [body[EXPIRY]] if EXPIRY in body else []
    if "ilmd" in body and isinstance(ilmd := body["ilmd"], dict):
        stated += [value for key, value in ilmd.items() if key.rpartition(":")[2] == "itemExpirationDate"]
    return _first_date(stated) if stated else None


def _first_date(stated: Iterable[Any]) -> date | None:
    for text in stated:
        if isinstance(text, str):
            try:
                return date.fromisoformat(text[:10])
            except ValueError:
                continue  # what others state may be anything; it is then no date that anybody can be held to
    return None
