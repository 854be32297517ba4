"""Bring a ledger and this machine's trust together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from ledger.chain.checkpoint import SignedCheckpoint
    from ledger.chain.comparison import Theirs
    from ledger.chain.policy import Policy
    from ledger.chain.quick import Quick
    from ledger.chain.storage.sqlite import SqliteStorage
    from ledger.chain.verdict import Verdict


@dataclass(frozen=True)
class Examined:
    """A verdict, how it was reached where the quick way was asked for, and what it contradicts."""

    verdict: Verdict
    quick: Quick | None = None
    contradicted: SignedCheckpoint | None = None


def judge(
    storage: SqliteStorage,
    home: Path,
    origin: str | None,
    *,
    key: str | None = None,
    policy: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Verdict:
    """Verify a ledger under the policy and the pin that this machine has for its origin.

    Args:
        storage: The ledger.
        home: Where trust lies.
        origin: The origin that is expected; None: the one that its checkpoint states.
        key: Believe this key instead, as given on the command line.
        policy: Believe the keys of this file instead.
        progress: As `ledger.chain.verify.verify`.
    """
    return examine(storage, home, origin, key=key, policy=policy, progress=progress).verdict


def examine(
    storage: SqliteStorage,
    home: Path,
    origin: str | None,
    *,
    key: str | None = None,
    policy: Path | None = None,
    quick_on: int | None = None,
    theirs: Theirs | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Examined:
    """Verify a ledger as `judge` does; all of it or quickly, and compare it with what somebody else holds.

    Args:
        storage: The ledger.
        home: Where trust lies.
        origin: As `judge`.
        key: As `judge`.
        policy: As `judge`.
        quick_on: Verify quickly, with this day's part of the old; None: verify everything.
        theirs: What somebody else holds of this ledger.
        progress: As `judge`.
    """
    from ledger.chain.comparison import compare
    from ledger.chain.pins import load_pin, load_seen_epochs
    from ledger.chain.quick import verify_quick
    from ledger.chain.verify import verify
    from ledger.custody.index.coverage import key_seqs

    stated = origin or _stated_origin(storage)
    believed = find_policy(home, stated, key, policy)
    pin = load_pin(home, stated) if stated else None
    seen = load_seen_epochs(home, stated) if stated else frozenset()
    quick = None
    with storage.snapshot() as view:
        if quick_on is None:
            verdict = verify(view, origin=origin, policy=believed, pin=pin, seen_epochs=seen, progress=progress)
        else:
            quick = verify_quick(
                view,
                origin=origin,
                policy=believed,
                pin=pin,
                day=quick_on,
                key_seqs=key_seqs(view),
                seen_epochs=seen,
                progress=progress,
            )
            verdict = quick.verdict
        known = pin if verdict.word != "ok" else None
        if theirs is not None:
            verdict = compare(verdict, view, theirs=theirs, policy=believed, key_seqs=key_seqs(view))
            known = known or theirs.signed
    return Examined(verdict, quick, known if verdict.word in ("rolled_back", "forked") else None)


def remember(home: Path, verdict: Verdict) -> None:
    """Keep what an ok verdict under this machine's own policy tells: the head, the epochs, the ended keys."""
    from ledger.chain.pins import save_pin, save_seen_epochs
    from ledger.chain.policy import save_ends

    if verdict.word != "ok" or verdict.signed is None:
        return
    save_pin(home, verdict.signed)
    save_seen_epochs(home, verdict.origin, [epoch.leaf for epoch in verdict.epochs])
    save_ends(home, verdict.origin, verdict.ended)


def find_policy(home: Path, origin: str | None, key: str | None, policy: Path | None) -> Policy | None:
    """Find whose signatures to believe: what the command line says, else what this machine has for the origin.

    Raises:
        CommandError: The command line says it wrongly.
    """
    from ledger.chain.errors import Missing, Refused
    from ledger.chain.note import parse_vkey
    from ledger.chain.policy import Policy, load_policy, parse_policy
    from ledger.custody.exchange.plain_file import open_plain

    if key is not None and policy is not None:
        raise CommandError(ExitCode.USAGE, "give either --key or --policy", remedy="trace verify --help")
    try:
        if key is not None:
            return Policy((parse_vkey(key),), "key")
        if policy is not None:
            with open_plain(policy) as file:
                return parse_policy(file.read().decode("utf-8"), "key")
    except (Refused, OSError, UnicodeDecodeError) as error:
        raise CommandError(
            ExitCode.USAGE,
            f"{'--key' if key is not None else policy}: {getattr(error, 'strerror', None) or error}",
            remedy="trace verify FILE --key acme.example/dc1+1f2e3d4c+AbC..., as its owner gave it to you",
        ) from None
    try:
        return load_policy(home, origin) if origin else None
    except Missing:
        return None


def _stated_origin(storage: SqliteStorage) -> str | None:
    """Read which log a ledger says it is; only to find out whose policy and pin to judge it by."""
    from ledger.chain.checkpoint import check_origin, parse_checkpoint
    from ledger.chain.errors import Refused

    with storage.snapshot() as view:
        try:
            return check_origin(parse_checkpoint(view.head() or "").head.origin)
        except Refused:
            return None
