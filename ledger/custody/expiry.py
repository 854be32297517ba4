"""The expiry date that an event states."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

EXPIRY: Final = "trace:expiry"


def read_expiry(body: Mapping[str, Any]) -> date | None:
    """Read the expiry date that an event states, in `ilmd` (CBV `itemExpirationDate`) or in our own field."""
    ilmd = body.get("ilmd")
    stated = [body.get(EXPIRY)]
    if isinstance(ilmd, dict):
        stated += [value for key, value in ilmd.items() if key.rpartition(":")[2] == "itemExpirationDate"]
    for text in stated:
        if isinstance(text, str):
            try:
                return date.fromisoformat(text[:10])
            except ValueError:
                continue  # what others state may be anything; it is then no date that anybody can be held to
    return None
