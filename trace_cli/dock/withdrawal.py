"""Take an event back: the same event again, with an error declaration (EPCIS 2.0 section 7.4.1.4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any


def declare(body: Mapping[str, Any], *, at: datetime, reason: str) -> dict[str, Any]:
    """Write the error declaration that withdraws an event."""
    from ledger.custody.times import event_time_text

    return {**body, "errorDeclaration": {"declarationTime": event_time_text(at), "reason": reason}}
