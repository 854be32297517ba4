"""What the commands share that hand evidence of an item to strangers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from ledger.chain.bundle import Bundle
    from ledger.chain.checkpoint import SignedCheckpoint
    from ledger.chain.note import VerifierKey
    from ledger.custody.codes import Codes
    from ledger.custody.index.lookup import Lookup
    from ledger.custody.item_history import ItemHistory
    from trace_cli.context import Site


def find_item(lookup: Lookup, codes: Codes, typed: str) -> str:
    """Find the thing that a typed code means.

    Raises:
        CommandError: No event names it.
    """
    from ledger.custody.item_history import NotFoundError, resolve
    from trace_cli.completion import what_was_meant
    from trace_cli.reports.entry import tell_index

    try:
        return resolve(lookup, codes, typed)
    except NotFoundError:
        tell_index(lookup)
        raise CommandError(
            ExitCode.NOT_FOUND,
            f"no event names {typed!r}, and no entry has that number or eventID",
            remedy=what_was_meant(lookup.view.connection, codes.domain, typed),
        ) from None


def gather(
    lookup: Lookup, item: str, withhold: Sequence[str], *, closed: bool = False
) -> tuple[Bundle, ItemHistory]:
    """Make the bundle of an item, and see that whoever gets it will find it in order.

    Args:
        lookup: The index of a snapshot.
        item: The thing.
        withhold: Names of private fields that stay out.
        closed: All of them do.

    Raises:
        Refused: A field cannot be withheld.
        Untrue: An entry or a private value does not hold.
    """
    from ledger.chain.bundle import check_bundle
    from ledger.chain.errors import Untrue
    from ledger.custody.item_evidence import gather_evidence, judge_item

    bundle, found = gather_evidence(lookup, item, withhold=withhold, closed=closed)
    checked = check_bundle(bundle, lookup.reader.policy)
    faults = (*checked.faults, *judge_item(checked)[1])
    if faults or checked.key is None:
        told = faults[0].message if faults else checked.untrusted
        raise Untrue(f"the evidence of {item} does not hold by itself: {told}", remedy="trace verify")
    return bundle, found


def keep_checkpoint(site: Site, signed: SignedCheckpoint) -> None:
    """Keep a checkpoint that has left the house, where the key of the site is at hand."""
    if site.has_key():
        with site.recording() as recorder:
            recorder.log.keep_checkpoint(signed)


def fingerprint(key: VerifierKey) -> str:
    """Write the fingerprint of a key in groups of four, as a passport shows it; it starts with the key's id."""
    from hashlib import sha256

    digest = sha256(key.name.encode() + b"\n" + bytes([key.algorithm]) + key.public).hexdigest()
    return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))
