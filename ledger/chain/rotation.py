"""Write key entries: replace the site's key, or revoke one.

An entry that a verifier would not believe is refused before it is written: the same rules judge both
(`ledger.chain.keyring`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ledger.chain.entry import Draft, draft, parse_entry
from ledger.chain.errors import Refused
from ledger.chain.keyring import follow_bodies, revocation_body, rotation_body
from ledger.chain.keys import SiteKey
from ledger.chain.log import Appended, Log
from ledger.chain.note import VerifierKey
from ledger.chain.policy import Policy

# Lists the key entries of a log, given a transaction; and writes derived rows for one.
Seqs = Callable[[Any], Sequence[int]]
Index = Callable[[Any, int], None]


def append_key_entries(
    log: Log,
    make: Callable[[int], list[dict[str, Any]]],
    *,
    by: str,
    seqs: Seqs,
    index: Index | None = None,
    new: SiteKey | None = None,
) -> Appended:
    """Record key entries in one commit, if they hold.

    Args:
        log: The log.
        make: Given the number of the first entry, the payloads.
        by: Who does it.
        seqs: Lists the key entries that are there.
        index: Called for each new entry with the transaction and its number.
        new: The key that signs with the present one, and alone from then on.

    Raises:
        Refused: They do not hold; nothing is written.
    """

    def judge(transaction: Any, first: int) -> tuple[Sequence[Draft], Callable[[Any, int], None]]:
        bodies = make(first)
        known = [
            (seq, parse_entry(transaction.entry(seq) or b"").body) for seq in seqs(transaction) if seq < first
        ]
        entries = [*known, *enumerate(bodies, first)]
        ring, faults = follow_bodies(Policy(log.verifiers), log.origin, entries)
        if faults:
            raise Refused(faults[0].message)
        if new is None and not all(ring.may_sign(key, first + len(bodies)) for key in log.verifiers):
            raise Refused(
                "a key cannot revoke itself: replace it first, then revoke it", remedy="trace key rotate"
            )

        def derive(inner: Any, start: int) -> None:
            if index is not None:
                for seq in range(start, start + len(bodies)):
                    index(inner, seq)

        return [draft("key", body, by=by, via="typed") for body in bodies], derive

    return log.append_judged(judge, keep=True, heir=new)


def rotate(
    log: Log, present: SiteKey, new: SiteKey, *, by: str, seqs: Seqs, index: Index | None = None
) -> Appended:
    """Replace the site's key by a new one; a hybrid key has an entry for each half.

    Raises:
        Refused: The new key is of another kind, or was used before.
    """
    if len(new.signers) != len(present.signers):
        raise Refused("a hybrid key is replaced by a hybrid one, and a plain one by a plain one")

    def make(first: int) -> list[dict[str, Any]]:
        pairs = zip(present.signers, new.signers, strict=True)
        return [rotation_body(log.origin, seq, *pair) for seq, pair in enumerate(pairs, first)]

    return append_key_entries(log, make, by=by, seqs=seqs, index=index, new=new)


def revoke(
    log: Log, key: VerifierKey, last_size: int, reason: str, *, by: str, seqs: Seqs, index: Index | None = None
) -> Appended:
    """Revoke a key: what it signed is believed up to `last_size` entries, and no further.

    Raises:
        Refused: It is the key that would sign this, or of another origin; or the size is in the future.
    """
    body = revocation_body(key, last_size, reason)
    return append_key_entries(log, lambda _first: [body], by=by, seqs=seqs, index=index)
