"""Find the private values that a field name means, and say why a value is not there any more.

A field is named by its dotted path (``ilmd.contact``) or by its local name (``contact``), in any case; list
positions may be left out. `party` and `document` stand for the standard fields, as in the policy of privacy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from ledger.chain.commitment import KEY, is_commitment
from ledger.chain.entry import Entry
from ledger.chain.erasure import KIND
from ledger.custody.index.lookup import Lookup
from ledger.custody.privacy import NEVER, STANDARD
from ledger.custody.sealed_results import READ

DECISION: Final = "decision"
_PREFIX: Final = re.compile(r".*[:/#]", re.DOTALL)
_PARTY_ENDS: Final = frozenset({"source", "destination"})
_DIGEST: Final = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PrivateField:
    """A field that stands in an entry as a commitment; `path` as people read it."""

    path: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Erasure:
    """Why the values behind some commitments are gone: the entry that says so."""

    seq: int
    about: int
    digests: frozenset[bytes]
    reason: str
    by: str
    rec: str


def private_fields(body: Any) -> list[PrivateField]:
    """List all private fields of an entry, in its own order."""
    return [PrivateField(".".join(path), digest) for path, digest in _walk(body, ())]


def named_fields(body: Any, field: str) -> list[PrivateField]:
    """List the private fields of an entry that a name means."""
    return [PrivateField(".".join(path), digest) for path, digest in _walk(body, ()) if _is_named(path, field)]


def stands_open(body: Any, field: str) -> bool:
    """Tell whether a field of that name stands in the bytes of an entry in the clear."""
    return any(_is_named(path, field) for path in _paths(body, ()))


def policy_line(field: str) -> str | None:
    """Write the line of `trace.toml` that makes a field private from now on; None: it can never be."""
    local = _local(field.rsplit(".", 1)[-1])
    return None if local in NEVER or not local else f'[private] fields = ["{local}"]'


def erasures(lookup: Lookup) -> list[Erasure]:
    """List all erasures of a ledger, each proven.

    Raises:
        Untrue: An entry does not hold.
    """
    return [read_erasure(entry) for entry in lookup.entries_of_kind(KIND)]


def told_elsewhere(lookup: Lookup, entry: Entry, digests: Iterable[bytes]) -> list[tuple[int, PrivateField]]:
    """List the digests that predictions made of private values: whoever has one can try values until it fits.

    The digest of what a decision gave stands beside that in the decision; the digest of what it read covers every
    quantity, party and document of the history before it. Neither has a salt, because replays compare them.

    Args:
        lookup: The index of a snapshot.
        entry: The entry whose values are to be erased.
        digests: The commitments of these values.

    Returns:
        The entry and the field of each.

    Raises:
        Untrue: An entry does not hold.
    """
    wanted = frozenset(digests)
    if entry.kind == DECISION:
        gave = {one.digest for one in named_fields(entry.body, "output")}
        return [(entry.seq, one) for one in named_fields(entry.body, "output_digest")] if gave & wanted else []
    read = {one.digest for name in READ for one in named_fields(entry.body, name)}
    if not read & wanted:
        return []
    return [
        (decision.seq, one)
        for decision in lookup.entries_of_kind(DECISION)
        if decision.seq > entry.seq
        for one in named_fields(decision.body, "data_digest")
    ]


def read_erasure(entry: Entry) -> Erasure:
    """Read an entry of kind `erase`; what it does not say, or says wrongly, is left empty."""
    body = entry.body if type(entry.body) is dict else {}
    digests = body.get("digests")
    found = frozenset(
        bytes.fromhex(item[KEY])
        for item in (digests if type(digests) is list else ())
        if is_commitment(item) and type(item[KEY]) is str and _DIGEST.fullmatch(item[KEY])
    )
    about = body.get("seq")
    reason = body.get("reason")
    return Erasure(
        entry.seq,
        about if type(about) is int else -1,
        found,
        reason if type(reason) is str else "",
        entry.by,
        entry.rec,
    )


def _local(key: str) -> str:
    return _PREFIX.sub("", key, count=1).lower()


def _is_named(path: tuple[str, ...], field: str) -> bool:
    keys = tuple(part for part in path if not part.isdigit())
    wanted = field.lower()
    spellings = {
        ".".join(path).lower(),
        ".".join(keys).lower(),
        ".".join(map(_local, keys)),
        _local(keys[-1]) if keys else "",
    }
    if wanted in spellings or STANDARD.get(wanted) in spellings:
        return True
    # A party is private at the ends of source and destination lists; see `seal`.
    return wanted == "party" and bool(keys) and keys[-1] in _PARTY_ENDS


def _walk(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], bytes]]:
    if is_commitment(value):
        if type(value[KEY]) is str and _DIGEST.fullmatch(value[KEY]):
            yield path, bytes.fromhex(value[KEY])
    elif type(value) is dict:
        for key, item in value.items():
            yield from _walk(item, (*path, key))
    elif type(value) is list:
        for at, item in enumerate(value):
            yield from _walk(item, (*path, str(at)))


def _paths(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if type(value) is dict:
        for key, item in value.items():
            yield (*path, key)
            yield from _paths(item, (*path, key))
    elif type(value) is list:
        for at, item in enumerate(value):
            yield from _paths(item, (*path, str(at)))
