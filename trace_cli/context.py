"""The site that a command works on: its settings, its ledger file, its trust."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.chain.counting import counted
from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode
from trace_cli.formats.answer import note
from trace_cli.settings import FILE, Settings, find_settings, load_settings, operator, timezone

if TYPE_CHECKING:
    from ledger.chain.checkpoint import SignedCheckpoint
    from ledger.chain.policy import Policy
    from ledger.chain.reader import AuthenticReader
    from ledger.chain.storage.sqlite import SqliteStorage, SqliteView
    from ledger.custody.codes import Codes
    from ledger.custody.privacy import PrivacyPolicy
    from ledger.custody.recorder import Recorder
    from trace_cli.site_time import SiteTime


def now() -> datetime:
    """Give the present moment; the one clock of the program."""
    return datetime.now(UTC)


def ask() -> bytes:
    """Get the passphrase of a sealed key."""
    from trace_cli.passphrase import ask as get

    return get()


@dataclass(frozen=True)
class Site:
    """A ledger and what belongs to it."""

    settings: Settings
    home: Path

    @property
    def origin(self) -> str:
        """Name the log."""
        return self.settings.origin

    @property
    def path(self) -> Path:
        """Name the ledger file."""
        return self.settings.ledger_file

    @cached_property
    def codes(self) -> Codes:
        """Say how codes are read here."""
        from ledger.custody.codes import Codes

        table = self.settings.table.get("codes", {})
        return Codes(
            str(table.get("domain") or self.settings.org), frozenset(self.settings.strings("codes", "plain"))
        )

    @cached_property
    def privacy(self) -> PrivacyPolicy:
        """Say which fields are private here."""
        from ledger.custody.privacy import make_policy

        strings = self.settings.strings
        return make_policy(strings("private", "fields"), strings("private", "public"))

    def operator(self, flag: str | None) -> str:
        """Find who records."""
        return operator(flag, os.environ, self.settings)

    @cached_property
    def time(self) -> SiteTime:
        """Say in which zone people read times here."""
        from trace_cli.site_time import read_site_time

        return read_site_time(timezone(os.environ, self.settings))

    @cached_property
    def policy(self) -> Policy | None:
        """Load whose signatures are believed for this origin; None: nobody's."""
        from ledger.chain.errors import Missing
        from ledger.chain.policy import load_policy

        try:
            return load_policy(self.home, self.origin)
        except Missing:
            return None

    def believed_policy(self) -> Policy:
        """Load the policy, which must be there.

        Raises:
            CommandError: There is none.
        """
        if self.policy is None:
            raise CommandError(
                ExitCode.NOT_VERIFIED,
                f"this machine has no trust policy for {self.origin}, so it believes nothing in {self.path}",
                remedy=f"trace verify {self.path}",
            )
        return self.policy

    def pin(self) -> SignedCheckpoint | None:
        """Load the newest head that was seen here."""
        from ledger.chain.pins import load_pin

        return load_pin(self.home, self.origin)

    @contextmanager
    def reading(self) -> Iterator[tuple[SqliteView, SignedCheckpoint | None]]:
        """Open a snapshot, with the pin, which is read before it."""
        storage = self._open(writable=False)
        try:
            pin = self.pin()
            with storage.snapshot() as view:
                yield view, pin
        finally:
            storage.close()

    @contextmanager
    def proving(self) -> Iterator[tuple[SqliteView, AuthenticReader]]:
        """Open a snapshot whose entries are proven as they are read, under the trust of this machine.

        Raises:
            CommandError: This machine believes nobody for this log.
            Untrue: Nothing that is believed signs the head, or it lags behind the pin.
        """
        from ledger.chain.reader import AuthenticReader

        policy = self.believed_policy()
        with self.reading() as (view, pin):
            yield (
                view,
                AuthenticReader(view, origin=self.origin, policy=policy, pin=pin, key_seqs=self.key_seqs(view)),
            )

    def key_seqs(self, view: SqliteView) -> list[int]:
        """Find the entries on the life of keys, by the index; without an index there are none to be found."""
        from ledger.custody.index.coverage import key_seqs

        return key_seqs(view)

    @contextmanager
    def recording(self, passphrase: Callable[[], bytes] = ask) -> Iterator[Recorder]:
        """Open the ledger for recording.

        Raises:
            KeyUnavailable: The site's key is not at hand.
            Untrue: The head of the ledger does not hold.
        """
        from ledger.chain.keys import load_key, next_path, settle_rotation
        from ledger.chain.log import Log
        from ledger.custody.index.rebuild import ensure_current
        from ledger.custody.recorder import Recorder

        storage = self._open(writable=True)
        try:
            if next_path(self.home, self.origin).exists():
                with storage.snapshot() as view:
                    settle_rotation(self.home, self.origin, view.head() or "")
            key = load_key(self.home, self.origin, passphrase)
            log = Log(storage, key, now, self.home)
            ensure_current(storage, _announce_index)
            yield Recorder(log, self.privacy)
            for fault in filter(None, (log.pin_fault, log.clock_fault)):
                note(fault)
        finally:
            storage.close()

    def has_key(self) -> bool:
        """Tell whether the key of this site is at hand."""
        from ledger.chain.keys import key_path

        return key_path(self.home, self.origin).exists()

    def _open(self, *, writable: bool) -> SqliteStorage:
        from ledger.chain.storage.sqlite import SqliteStorage

        if not os.path.lexists(self.path):
            raise CommandError(
                ExitCode.UNAVAILABLE,
                f"there is no ledger at {self.path}, where {self.settings.folder / FILE} says that one is",
                remedy=f"bring it back: cp BACKUP {self.path}, then trace recover --reason TEXT",
            )
        return SqliteStorage(self.path, writable=writable)


def _announce_index(why: str, size: int) -> Callable[[int], None]:
    """Say on stderr that the index is made anew; it is never more than a help, so nobody has to be asked."""
    from trace_cli.formats.answer import note
    from trace_cli.progress import Progress

    note(f"{why}; making it anew from {counted(size, 'entry')}")
    progress = Progress("indexing")
    return lambda done: progress.step(done, size)


def find_site(ledger: Path | None) -> Site:
    """Find the ledger to work on.

    Args:
        ledger: A directory or a `trace.toml`, as given with --ledger; None: here or upward.

    Raises:
        CommandError: There is none.
    """
    from ledger.chain.home import find_home

    start = (ledger or Path()).absolute()
    path = start if start.name == FILE and start.is_file() else find_settings(start)
    if ledger is not None and path is not None and path.parent != (start.parent if start.is_file() else start):
        path = None  # what was named is meant, not something above it
    if path is None:
        raise CommandError(
            ExitCode.UNAVAILABLE,
            f"there is no ledger in {start}" + ("" if ledger else " nor above it"),
            remedy="go to the folder of one, or name it: --ledger DIR; to begin one here: "
            "trace init --org DOMAIN --site NAME",
        )
    return Site(load_settings(path), find_home(os.environ))
