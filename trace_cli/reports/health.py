"""What `doctor` finds, one check after the other. Nothing is written, and no key is opened."""

from __future__ import annotations

import os
import platform
import shutil
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ledger.chain.counting import counted

if TYPE_CHECKING:
    from ledger.chain.storage.sqlite import SqliteView
    from trace_cli.context import Site

_ROOMS: Final = ("keys", "policy", "pins", "identity")
_LITTLE_SPACE: Final = 100_000_000  # bytes
_NO_SPACE: Final = 5_000_000  # bytes
_CLOCK_SLACK: Final = timedelta(minutes=2)


@dataclass(frozen=True)
class Health:
    """One line: `status` is ok, warn or fail; the remedy is empty where nothing is to be mended."""

    name: str
    status: str
    message: str
    remedy: str = ""

    def answer(self) -> dict[str, Any]:
        """Give it as it stands in the JSON answer."""
        return asdict(self)


def check_versions() -> Iterator[Health]:
    """Name the versions of the program and of what it rests on."""
    from importlib.metadata import PackageNotFoundError, version

    from ledger.chain.signers.versions import library_versions
    from ledger.chain.storage.health import has_wal_reset_bug, sqlite_version
    from trace_cli.version import __version__

    yield Health("trace", "ok", __version__)
    yield Health("python", "ok", platform.python_version())
    sqlite = sqlite_version()
    if has_wal_reset_bug(sqlite):
        yield Health(
            "sqlite",
            "warn",
            f"{sqlite} has the WAL-reset bug, mended in 3.51.3: two connections that reset the WAL at one moment "
            "could lose a commit. One writer and read-only readers, which is how trace works, avoid it",
            "let no other program write to ledger.db, or use a Python with SQLite 3.51.3 or newer",
        )
    else:
        yield Health("sqlite", "ok", f"{sqlite}, without the WAL-reset bug")
    cryptography, openssl = library_versions()
    yield Health("cryptography", "ok", f"{cryptography} with {openssl}")
    try:
        yield Health("sqlite-utils", "ok", version("sqlite-utils"))
    except PackageNotFoundError:
        yield Health(
            "sqlite-utils", "warn", "it is not installed; only tools need it", "pip install 'sqlite-utils>=4'"
        )


def check_home(home: Path) -> Iterator[Health]:
    """Look at the modes of everything in the home: others may neither read nor write it."""
    if not home.is_dir():
        yield Health("home", "warn", f"there is no {home} yet; `trace init` makes it")
        return
    files = [path for room in _ROOMS for path in sorted((home / room).rglob("*"))]
    open_files = [path for path in files if _mode(path) & 0o077 and not path.is_dir()]
    for path in open_files:
        yield Health(
            "modes",
            "fail",
            f"others may use {path} (mode {_mode(path):04o}), so it is refused",
            f"chmod 600 {path}",
        )
    # Others who may write a directory can put other files in the place of ours; to list it does no harm.
    folders = [home, *(home / room for room in _ROOMS), *(path for path in files if path.is_dir())]
    open_folders = [path for path in folders if path.is_dir() and _mode(path) & 0o022]
    for path in open_folders:
        yield Health("modes", "fail", f"others may replace what is in {path}", f"chmod 700 {path}")
    if not open_files and not open_folders:
        count = sum(1 for path in files if path.is_file())
        yield Health("modes", "ok", f"{counted(count, 'file')} in {home} are for their owner alone")


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.lstat().st_mode)
    except OSError:
        return 0


def check_trust(site: Site) -> Iterator[Health]:
    """Look at key, policy and pin of an origin."""
    from ledger.chain.errors import LedgerError

    if site.has_key():
        yield Health("key", "ok", f"the key of {site.origin} is here")
    else:
        yield Health(
            "key", "warn", f"there is no key of {site.origin} here, so nothing can be recorded", "set TRACE_HOME"
        )
    try:
        if site.policy is None:
            yield Health(
                "policy",
                "fail",
                f"there is no trust policy for {site.origin}, so no signature is believed",
                f"trace verify {site.path} --key VKEY, with the key from a source you trust",
            )
        else:
            count = len(site.policy.keys)
            yield Health(
                "policy", "ok", f"{count} key{'s are' if count != 1 else ' is'} believed for {site.origin}"
            )
    except LedgerError as error:
        yield Health("policy", "fail", error.message, error.remedy)
    try:
        pin = site.pin()
    except LedgerError as error:
        yield Health("pin", "fail", error.message, error.remedy)
        return
    if pin is None:
        yield Health("pin", "warn", "no head was seen here yet, so an older copy would pass", "trace verify")
    else:
        yield Health("pin", "ok", f"a head of {counted(pin.head.size, 'entry')} was seen")


def check_ledger(site: Site, present: datetime) -> Iterator[Health]:
    """Look at the ledger file: its settings, how far its index goes, and whether its last time can be."""
    from ledger.chain.errors import LedgerError

    try:
        with site.reading() as (view, pin):
            yield from _check_view(site, view, pin.head.size if pin else 0, present)
    except LedgerError as error:
        yield Health("ledger", "fail", error.message, error.remedy)


def _check_view(site: Site, view: SqliteView, seen: int, present: datetime) -> Iterator[Health]:
    from ledger.chain.checkpoint import parse_checkpoint
    from ledger.chain.entry import parse_entry
    from ledger.chain.storage.health import journal_mode
    from ledger.custody.index.coverage import index_fault

    head = parse_checkpoint(view.head() or "").head
    if head.origin != site.origin:
        message = f"{site.path} is of {head.origin}, but trace.toml says {site.origin}"
        yield Health("ledger", "fail", message, "mend trace.toml, or find the right file")
    elif head.size < seen:
        message = f"{counted(head.size, 'entry')}, but {seen:,} were seen before"
        yield Health("ledger", "fail", message, f"trace verify {site.path}")
    else:
        yield Health("ledger", "ok", f"{site.path}, {counted(head.size, 'entry')} of {head.origin}")
    mode = journal_mode(view)
    if mode == "wal":
        yield Health("journal", "ok", "WAL; trace commits with synchronous=FULL, which outlasts a power cut")
    else:
        yield Health(
            "journal",
            "warn",
            f"{mode.upper()} instead of WAL: as durable with synchronous=FULL, but readers and writer wait",
            f"sqlite3 {site.path} 'PRAGMA journal_mode=WAL'",
        )
    if why := index_fault(view, head.size):
        yield Health("index", "warn", f"{why}; what an answer shows is proven all the same", "trace index rebuild")
    else:
        yield Health("index", "ok", f"it covers all {counted(head.size, 'entry')}")
    last = parse_entry(view.entry(head.size - 1) or b"").rec
    ahead = datetime.fromisoformat(last) - present
    if ahead > _CLOCK_SLACK:
        message = f"the last entry was recorded at {last}, the clock here says {present:%Y-%m-%dT%H:%M:%SZ}"
        yield Health(
            "clock", "warn", message, "set the clock of this machine; the order of entries stays as it is"
        )
    else:
        yield Health("clock", "ok", f"the last entry, of {last}, is not in the future")


def check_space(name: str, *places: Path) -> Health:
    """Look at the free space where the ledger and the home lie: a ledger may grow by a copy of itself."""
    free, where = min((shutil.disk_usage(folder).free, folder) for folder in map(_existing, places))
    needed = max(_LITTLE_SPACE, *(os.path.getsize(place) if place.is_file() else 0 for place in places), 0)
    status = "fail" if free < _NO_SPACE else "warn" if free < needed else "ok"
    remedy = "" if status == "ok" else "free some space: a full disk stops recording, it loses nothing"
    return Health(name, status, f"{free / 1e6:,.0f} MB free at {where}", remedy)


def _existing(path: Path) -> Path:
    return next(place for place in (path.absolute(), *path.absolute().parents) if place.is_dir())
