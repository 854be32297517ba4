"""Write a result in the place of a file: whole or not at all, and never over what nobody can make again."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

# How files begin that a slip of the pen must not destroy.
_KEPT: Final = (
    (b"SQLite format 3\0", "it is a ledger"),
    (b"PRIVATE+KEY+", "it is a key"),
    (b"TRACE+", "it is a key"),
)
_BEGINNING: Final = 64


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file beside another, and put it in the place of that one once everything is written.

    What lies under the name of the half-written file, such as a link or a FIFO that somebody put into a shared
    directory to lead the writing elsewhere or to stop it, is taken away and never opened.

    Args:
        path: The file that is made or replaced; a link itself, not what it leads to.

    Raises:
        OSError: It cannot be written; it is a FIFO, a device or a socket, a ledger or a key.
    """
    _refuse_lasting(path)
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(fresh, flags, 0o666)
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
        os.replace(fresh, path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def lasting(path: Path) -> str | None:
    """Say what a file is that nobody can make again, by how it begins; None: it may be replaced."""
    try:
        beginning = _beginning(path)
    except OSError:
        return None
    return next((word for mark, word in _KEPT if beginning.startswith(mark)), None)


def _refuse_lasting(path: Path) -> None:
    beginning = _beginning(path)
    word = next((word for mark, word in _KEPT if beginning.startswith(mark)), None)
    if word is not None:
        raise OSError(errno.EINVAL, f"{word}, and stays", str(path))


def _beginning(path: Path) -> bytes:
    """Read how a file begins; nothing where there is none, or none that may be read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return b""
    with os.fdopen(handle, "rb") as file:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is no plain file", str(path))
        return file.read(_BEGINNING)
