"""What an error declaration does to an event, in a few words and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ledger.custody.corrections import Declaration


def correction(declaration: Declaration | None) -> dict[str, Any] | None:
    """Build the JSON that says how an event was corrected; None: it stands."""
    from ledger.custody.times import utc_text

    if declaration is None:
        return None
    return {
        "seq": declaration.seq,
        "since": utc_text(declaration.known),
        "reason": declaration.reason,
        "corrective_event_ids": list(declaration.corrective),
        "by": declaration.by,
        "via": declaration.via,
    }


def remark_on(declaration: Declaration, withdraws: bool) -> str:
    """Say that an event was withdrawn, or, of the declaration itself, that it withdraws."""
    why = f" ({declaration.reason})" if declaration.reason else ""
    if withdraws:
        return f"error declaration{why}"
    return f"withdrawn by entry {declaration.seq}{why}{_whose(declaration)}"


def dispute(declaration: Declaration) -> str:
    """Say that a declaration from a file names an event of the site, which stands."""
    return f"disputed by entry {declaration.seq} (imported), which does not withdraw it"


def _whose(declaration: Declaration) -> str:
    return "" if declaration.by is None else f" by {declaration.by}"
