"""Which fields are private, and how they enter an event: as commitments.

A field is named by its local name (what follows the last ``:``, ``/`` or ``#``), in any case. Three names stand
for standard fields: `party` (party sources, destinations and ``trace:party``), `document` (business
transactions), `quantity` (every quantity).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final, NamedTuple, Protocol

from ledger.chain import canonical
from ledger.chain.commitment import KEY, commit, commitment_digest, is_commitment
from ledger.chain.entry import Attachment
from ledger.chain.errors import Refused, Untrue

DEFAULT: Final = frozenset(
    """
    contact contacts phone email e-mail address note notes comment comments remark remarks text description
    price prices unit_price unitprice cost costs amount value_of_goods
    """.split()
)
STANDARD: Final = {"document": "biztransactionlist"}
PLURALS: Final = {"parties": "party", "documents": "document", "quantities": "quantity"}
_PREFIX: Final = re.compile(r".*[:/#]", re.DOTALL)
# Without these an event has no identity and no place in time, so they can never be private.
NEVER: Final = frozenset(
    {
        "type",
        "eventtime",
        "eventtimezoneoffset",
        "eventid",
        "recordtime",
        "action",
        "bizstep",
        "id",
        "parentid",
        "place",
        # The text of an extension with attributes has the name of the extension, and a context none at all.
        "#text",
        "@context",
    }
)
_PARTY_TYPES: Final = re.compile(r"(?:.*[:/-])?(?:possessing_party|owning_party)")


@lru_cache(maxsize=4096)
def _local_name(key: str) -> str:
    return _PREFIX.sub("", key, count=1).lower()


class PrivacyPolicy(NamedTuple):
    """The names of private fields, in lower case."""

    names: frozenset[str]

    def covers(self, key: str) -> bool:
        """Tell whether the field of that key is private."""
        return _local_name(key) in self.names


class Held(Protocol):
    """Where private values lie: a snapshot of a ledger, or what a bundle opens."""

    def attachment(self, digest: bytes) -> Attachment | None:
        """Give the value behind a commitment."""
        ...


def make_policy(more: Iterable[str] = (), fewer: Iterable[str] = ()) -> PrivacyPolicy:
    """Make a policy from the default names, more of them, and those that are to be public.

    Raises:
        Refused: A name can never be private.
    """
    names = {_local_name(name) for name in more}
    names = {PLURALS.get(name, name) for name in names}
    if bad := names & NEVER:
        raise Refused(f"the field {min(bad)!r} can never be private: an event needs it to be found and ordered")
    names |= {STANDARD[name] for name in names if name in STANDARD}
    return PrivacyPolicy((DEFAULT | names) - {_local_name(name) for name in fewer})


def seal(
    body: dict[str, Any], policy: PrivacyPolicy, *, random: Callable[[int], bytes] = os.urandom
) -> tuple[dict[str, Any], tuple[Attachment, ...]]:
    """Put commitments in place of private values.

    Args:
        body: The event in full.
        policy: What is private.
        random: Source of salt; passed in by tests only.

    Returns:
        The event as it enters the log, and the values that stay beside it.
    """
    kept: list[Attachment] = []

    def hide(value: object) -> dict[str, str]:
        if is_commitment(value):
            # Of an event made of another that the ledger holds; from outside none comes this far.
            return dict(value)  # type: ignore[call-overload, no-any-return]
        placeholder, attachment = commit(value, random=random)
        kept.append(attachment)
        return placeholder

    def walk(value: Any) -> Any:
        if type(value) is dict:
            party = policy.covers("party") and _PARTY_TYPES.fullmatch(str(value.get("type", "")))
            return {
                key: hide(item)
                if (policy.covers(key) and key.lower() not in NEVER)
                or (party and key in ("source", "destination"))
                else (item if key == "@context" else walk(item))
                for key, item in value.items()
            }
        return [walk(item) for item in value] if type(value) is list else value

    return walk(body), tuple(kept)


def covers_any(body: dict[str, Any], policy: PrivacyPolicy) -> bool:
    """Tell whether sealing would hide anything in an event."""
    return bool(seal(body, policy, random=lambda size: bytes(size))[1])


def reveal(body: Any, view: Held, *, doubtful: bool = False) -> Any:
    """Put private values back where the ledger still holds them; the rest stay commitments.

    Args:
        body: The event as the log has it.
        view: Where the values lie: the snapshot that it was read from, or a bundle.
        doubtful: Leave a commitment where the value beside the log is not the one that was recorded.

    Raises:
        Untrue: A value is not the one that was recorded, and `doubtful` is not set.
    """
    if is_commitment(body):
        digest = bytes.fromhex(body[KEY])
        held = view.attachment(digest)
        if held is None:
            return body
        if commitment_digest(held.salt, held.data) != digest:
            if doubtful:
                return body
            raise Untrue("a private value was changed after it was recorded", remedy="trace verify")
        return canonical.parse(held.data)
    if type(body) is dict:
        return {key: reveal(item, view, doubtful=doubtful) for key, item in body.items()}
    return [reveal(item, view, doubtful=doubtful) for item in body] if type(body) is list else body
