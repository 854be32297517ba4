"""The dates that an event states: of expiry, and of production."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

EXPIRY: Final = "trace:expiry"


# AI (11) of the GS1 General Specifications, by the names that it has in ilmd and in tables.
_PRODUCED: Final = frozenset({"productionDate", "production_date", "manufactureDate", "packagingDate"})


def read_production(body: Mapping[str, Any]) -> date | None:
    """Read the production date that an event states, in `ilmd` or in a column of a table."""
    found = _among(body)
    ilmd = body.get("ilmd")
    if isinstance(ilmd, dict):
        found += _among(ilmd)
    return _first_date(found) if found else None


def _among(fields: Mapping[str, Any]) -> list[Any]:
    """Give the production dates among fields; no other name ends like those, so most are passed over at once."""
    return [fields[key] for key in fields if key[-4:] == "Date" or key[-4:] == "date" if _bare(key) in _PRODUCED]


def _bare(key: str) -> str:
    return key.rpartition(":")[2]


def read_expiry(body: Mapping[str, Any]) -> date | None:
    """Read the expiry date that an event states, in `ilmd` (CBV `itemExpirationDate`) or in our own field."""
    ilmd = body.get("ilmd")
    stated = [body.get(EXPIRY)]
    if isinstance(ilmd, dict):
        stated += [value for key, value in ilmd.items() if key.rpartition(":")[2] == "itemExpirationDate"]
    return _first_date(stated)


def _first_date(stated: Iterable[Any]) -> date | None:
    for text in stated:
        if isinstance(text, str):
            try:
                return date.fromisoformat(text[:10])
            except ValueError:
                continue  # what others state may be anything; it is then no date that anybody can be held to
    return None
