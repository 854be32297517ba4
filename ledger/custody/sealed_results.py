"""What a decision says that follows from private values: its result and the digests of what it read and gave.

A forecast of a private quantity is nearly that quantity, and a digest without salt can be tried out. Where the
policy names private what predictions read (quantities, parties, documents), these parts of a decision enter the
log as commitments; result and salts lie beside it, so that the site can repeat the run and strangers cannot.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Final

from ledger.chain.commitment import commit, is_commitment
from ledger.chain.entry import Attachment
from ledger.custody.privacy import PrivacyPolicy

RESULT_FIELDS: Final = ("data_digest", "output_digest", "output")
READ: Final = ("quantity", "party", "document")
"""Fields of events that predictions read."""


def hides_results(policy: PrivacyPolicy) -> bool:
    """Tell whether what a prediction gives may follow from private values."""
    return any(policy.covers(name) for name in READ)


def seal_result(
    body: Mapping[str, Any], policy: PrivacyPolicy, *, random: Callable[[int], bytes] = os.urandom
) -> tuple[dict[str, Any], tuple[Attachment, ...]]:
    """Put commitments in place of a decision's result where the policy asks for it.

    Args:
        body: The decision in full.
        policy: What is private here.
        random: Source of salt; passed in by tests only.

    Returns:
        The decision as it enters the log, and the values that stay beside it.
    """
    sealed, kept = dict(body), []
    for name in RESULT_FIELDS if hides_results(policy) else ():
        if sealed.get(name) is not None:
            sealed[name], attachment = commit(sealed[name], random=random)
            kept.append(attachment)
    return sealed, tuple(kept)


def sealed_fields(body: Mapping[str, Any]) -> list[str]:
    """Name the parts of a decision of which only the commitment is known here."""
    return [name for name in RESULT_FIELDS if is_commitment(body.get(name))]
