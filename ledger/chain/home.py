"""`$TRACE_HOME`: where trust lives, outside every ledger file.

::

    $TRACE_HOME/                     directories 0700, files 0600
      keys/<domain>/<site>.key       the site's private key
      policy/<domain>/<site>.policy  whose signatures this verifier believes for that origin
      policy/<domain>/<site>.ends    keys whose time is over, with the last size that each may sign
      pins/<domain>/<site>.pin       the newest head of that origin that this verifier saw
      pins/<domain>/<site>.epochs    the epochs of that origin that this verifier saw
      pins/<domain>/<site>.marks     where holds, cases and keys are, as far as the log was looked at here
      pins/<domain>/<site>.derived   the head under which `derived/` was made, and the digests of its files
      derived/<domain>/<site>/       what verified entries said, as columns; may be deleted

Default: the XDG data directory, ``$XDG_DATA_HOME/trace`` or ``~/.local/share/trace``.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from glob import escape
from pathlib import Path
from typing import Final

from ledger.chain.checkpoint import check_origin
from ledger.chain.errors import KeyUnavailable, Missing

_HALF: Final = re.compile(r"\.([0-9]{1,10})-[0-9a-f]{8}\.new")


def find_home(environ: Mapping[str, str]) -> Path:
    """Find the home from the environment."""
    if chosen := environ.get("TRACE_HOME"):
        return Path(chosen)
    base = environ.get("XDG_DATA_HOME") or os.path.join(environ.get("HOME", "~"), ".local", "share")
    return Path(base).expanduser() / "trace"


def place_of(home: Path, room: str, origin: str, suffix: str) -> Path:
    """Name the file for an origin in one of the rooms of the home.

    Raises:
        Refused: The origin is malformed, and so could name a file elsewhere.
    """
    domain, site = check_origin(origin).split("/", 1)
    return home / room / domain / f"{site.replace('/', '~')}{suffix}"


def make_room(path: Path) -> None:
    """Make the directory for a file, readable by its owner alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def create_secret(path: Path, text: str) -> None:
    """Write a file of mode 0600 that must not exist yet, durably.

    Raises:
        FileExistsError: There is one.
    """
    make_room(path)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def replace_secret(path: Path, text: str) -> None:
    """Write a file of mode 0600 in the place of another, whole or not at all, durably."""
    fresh = fresh_beside(path)
    try:
        create_secret(fresh, text)
        move_secret(fresh, path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def fresh_beside(path: Path) -> Path:
    """Name a file to write before it takes the place of another, and take away what was left of killed writers.

    Each writer has a name of its own: of two with the same one, the faster would put what the slower has half
    written in the place of the file.
    """
    for left in path.parent.glob(f"{escape(path.name)}.*.new"):
        found = _HALF.fullmatch(left.name, len(path.name))
        if found is not None and not _runs(int(found[1])):
            left.unlink(missing_ok=True)
    return path.with_name(f"{path.name}.{os.getpid()}-{os.urandom(4).hex()}.new")


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def move_secret(source: Path, target: Path) -> None:
    """Rename a file over another, durably."""
    os.replace(source, target)
    room = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(room)
    finally:
        os.close(room)


def read_secret(path: Path, what: str, remedy: str) -> str:
    """Read a file that only its owner may read.

    Raises:
        Missing: It is not there.
        KeyUnavailable: It is no plain file, or group or others may read it.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise Missing(f"{what} is missing: {path}", remedy=remedy) from None
    except OSError as error:
        raise KeyUnavailable(f"{what} cannot be opened: {path}: {error.strerror}", remedy=remedy) from None
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        raise KeyUnavailable(f"{what} is no plain file: {path}")
    with os.fdopen(handle, "rb") as file:
        if mode & 0o077:
            raise KeyUnavailable(
                f"{what} may be read by others (mode {stat.S_IMODE(mode):04o}): {path}",
                remedy=f"chmod 600 {path}",
            )
        data = file.read(1_000_000)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise KeyUnavailable(f"{what} is damaged: {path} is no text") from None
