"""Recover: find out what is kept and what is lost, and begin a new epoch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.chain.counting import counted
from trace_cli.context import Site, ask, find_site, now
from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.chain.checkpoint import SignedCheckpoint
    from ledger.chain.epoch import Lost
    from ledger.chain.keys import SiteKey
    from ledger.chain.policy import Policy
    from ledger.chain.storage.sqlite import SqliteStorage
    from ledger.chain.verdict import Verdict


@dataclass(frozen=True)
class Recovered:
    """A new epoch: its number, the entry that begins it, what was given up, and who signs from here on."""

    number: int
    seq: int
    size: int
    old: SignedCheckpoint
    known: Sequence[Lost]
    keys: tuple[str, ...]
    replaces: tuple[str, ...]


def recover(
    site: Site, reason: str, by: str, *, believe: str | None, old_file: Path | None, new_key: bool, sealed: bool
) -> Recovered:
    """Begin a new epoch.

    1. What is here must verify, but for the pin, under the policy of this machine or the key that is given.
    2. The old head is the pin where that knows more, else the head that is here.
    3. The key at hand signs, else a new one that this machine's policy believes from now on.
    4. The entry is recorded; the pin goes back to it. Before that a crash leaves at most a new key, which the next
       attempt finds and takes.

    Raises:
        CommandError: What is here does not verify, or there is nothing to recover from.
        KeyUnavailable: There is no key, and no new one was asked for.
    """
    from ledger.chain.epoch import epoch_body
    from ledger.chain.hashing import leaf_hash
    from ledger.chain.pins import save_seen_epochs
    from ledger.chain.policy import save_ends
    from ledger.chain.storage.sqlite import SqliteStorage
    from ledger.custody.index.rebuild import ensure_current
    from ledger.custody.recorder import Recorder
    from trace_cli.trust import find_policy

    policy = find_policy(site.home, site.origin, believe, None)
    if policy is None:
        raise CommandError(
            ExitCode.NOT_VERIFIED,
            f"this machine has no trust policy for {site.origin}, so nobody can say which copy is true",
            remedy="trace recover --key VKEY --reason ..., with the verifier key of the site as a partner has it",
        )
    storage = SqliteStorage(site.path, writable=True)
    try:
        pin = site.pin()
        verdict, head = _verified(storage, site, policy, pin)
        old = pin if pin is not None and pin.head.size > head.head.size else head
        key = _key(site, new_key=new_key, sealed=sealed)
        signing = head.parsed.signed_by(key.verifiers)
        if set(signing) == set(key.verifiers) and old is head:
            raise CommandError(
                ExitCode.REFUSED,
                "there is nothing to recover from: the key at hand signed this ledger, and nothing newer was seen",
                remedy="trace verify; to replace a key: trace key rotate",
            )
        replaces = [found for found in head.parsed.signed_by(policy.keys) if found not in key.verifiers]
        known = _lost(old_file, head, old) if old_file is not None else []
        _believe(site, policy, key)
        number = len(verdict.epochs) + 2
        body = epoch_body(
            number,
            reason,
            kept=(head.head.size, head.head.root),
            old=old,
            known=known,
            keys=key.verifiers,
            replaces=replaces,
        )
        ensure_current(storage, lambda _why, _size: lambda _done: None)
        recorder = Recorder.begin_epoch(
            storage, key, site.privacy, clock=now, home=site.home, policy=policy, body=body, by=by
        )
        size = recorder.log.size
        save_ends(site.home, site.origin, [(key, head.head.size) for key in replaces])
        with storage.snapshot() as view:
            save_seen_epochs(site.home, site.origin, [leaf_hash(view.entry(head.head.size) or b"")])
    finally:
        storage.close()
    names = tuple(map(str, key.verifiers))
    return Recovered(number, head.head.size, size, old, known, names, tuple(map(str, replaces)))


def accept_epoch(ledger: Path | None) -> None:
    """Let the pin of this machine go back, where an epoch explains that what was seen was given up.

    The head that was given up must be the one seen here, or larger, and signed by a believed key. Whether the
    reason is good is for people to decide, who have just done so.

    Raises:
        CommandError: The ledger does not verify but for the pin, or no epoch gives up what was seen here.
    """
    from ledger.chain.pins import load_seen_epochs, save_pin
    from ledger.chain.storage.sqlite import SqliteStorage
    from ledger.chain.verify import verify

    site = find_site(ledger)
    pin, seen = site.pin(), load_seen_epochs(site.home, site.origin)
    storage = SqliteStorage(site.path, writable=False)
    try:
        with storage.snapshot() as view:
            verdict = verify(view, origin=site.origin, policy=site.policy, pin=None)
    finally:
        storage.close()
    if verdict.word != "ok" or verdict.signed is None or pin is None:
        return  # the verification that follows says it
    for epoch in verdict.epochs:
        same = pin.head.size != epoch.old.head.size or pin.head.root == epoch.old.head.root
        if epoch.gives_up(pin.head.size) and epoch.old_believed and epoch.leaf not in seen and same:
            save_pin(site.home, verdict.signed, new_epoch=True)
            return
    raise CommandError(
        ExitCode.NOT_VERIFIED,
        f"no epoch of this ledger says that the head of {counted(pin.head.size, 'entry')}, seen here, "
        f"was given up",
        remedy="trace verify",
    )


def _verified(
    storage: SqliteStorage, site: Site, policy: Policy, pin: SignedCheckpoint | None
) -> tuple[Verdict, SignedCheckpoint]:
    """1. Verify; that entries are gone is what recovering is for, anything else is not."""
    from ledger.chain.pins import load_seen_epochs
    from ledger.chain.verify import verify
    from trace_cli.progress import Progress

    seen = load_seen_epochs(site.home, site.origin)
    with Progress("verifying what is kept") as progress, storage.snapshot() as view:
        verdict = verify(
            view, origin=site.origin, policy=policy, pin=pin, seen_epochs=seen, progress=progress.step
        )
    explaining = [epoch for epoch in verdict.epochs if epoch.leaf not in seen]
    if pin is not None and verdict.word != "ok" and any(epoch.gives_up(pin.head.size) for epoch in explaining):
        raise CommandError(
            ExitCode.REFUSED,
            "an epoch of this ledger has already given up what was seen here",
            remedy="trace verify --accept-epoch",
        )
    if verdict.word not in ("ok", "rolled_back") or verdict.signed is None:
        raise CommandError(
            ExitCode.UNAVAILABLE if verdict.word == "corrupt" else ExitCode.NOT_VERIFIED,
            f"{site.path} does not verify ({verdict.word}), so nothing can begin with it",
            remedy="restore a backup that verifies to this place, then: trace recover",
        )
    return verdict, verdict.signed


def _key(site: Site, *, new_key: bool, sealed: bool) -> SiteKey:
    """Find who signs from here on: the key at hand, or a new one where there is none."""
    from ledger.chain.errors import KeyUnavailable
    from ledger.chain.keys import create_key, load_key
    from trace_cli.passphrase import ask_new

    if site.has_key():
        if new_key:
            raise CommandError(
                ExitCode.REFUSED,
                f"there is a key for {site.origin} here already",
                remedy="leave --new-key away to go on with it; if nobody can open it, move its file away first",
            )
        return load_key(site.home, site.origin, ask)
    if not new_key:
        raise KeyUnavailable(
            f"no key for {site.origin} in {site.home}",
            remedy="copy its key file here from a backup; if it is lost: trace recover --new-key --reason ...",
        )
    hybrid = site.policy is not None and len({key.algorithm for key in site.policy.keys}) > 1
    return create_key(site.home, site.origin, hybrid=hybrid, passphrase=ask_new() if sealed else None)


def _believe(site: Site, policy: Policy, key: SiteKey) -> None:
    """Make this machine believe the key that goes on, and the ones that it believed already."""
    from ledger.chain.policy import add_to_policy, create_policy

    if site.policy is None:
        create_policy(site.home, site.origin, *key.verifiers, *(k for k in policy.keys if k not in key.verifiers))
    else:
        add_to_policy(site.home, site.origin, key.verifiers)


def _lost(old_file: Path, head: SignedCheckpoint, old: SignedCheckpoint) -> list[Lost]:
    """Read what a damaged copy still tells of the entries given up, as far as they continue what is kept."""
    from ledger.chain.entry import parse_entry
    from ledger.chain.epoch import Lost
    from ledger.chain.errors import BadJson
    from ledger.chain.hashing import leaf_hash
    from ledger.chain.storage.sqlite import SqliteStorage

    found: list[Lost] = []
    storage = SqliteStorage(old_file, writable=False)
    try:
        with storage.snapshot() as view:
            last = view.entry(head.head.size - 1)
            leaf = leaf_hash(last or b"")
            for seq, data in view.entries(head.head.size, old.head.size):
                if not data.startswith(f'{{"_prev":"{leaf.hex()}","_seq":{seq},"body":'.encode()):
                    break
                leaf = leaf_hash(data)
                try:
                    body = parse_entry(data).body
                except BadJson:
                    break
                event = body.get("eventID", "") if type(body) is dict else ""
                found.append(Lost(seq, leaf.hex(), str(event)))
    finally:
        storage.close()
    return found
