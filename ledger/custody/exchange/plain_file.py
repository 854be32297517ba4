"""Open a file that somebody named, if it is one."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import Final

# What the shell hands over open: a pipe to standard input, or the pipe of `<(...)`.
_OPEN_ALREADY: Final = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")


def open_plain(path: Path) -> BufferedReader:
    """Open a plain file, or what the shell hands over open; never wait for the other end of a FIFO.

    Raises:
        IsADirectoryError: It is a directory.
        OSError: It is a FIFO, a socket or a device, or cannot be read.
    """
    if str(path).startswith(_OPEN_ALREADY):
        return path.open("rb")
    # The other end of a FIFO is waited for in the call that opens it, unless it is told not to.
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is no plain file", str(path))
    except OSError:
        os.close(handle)
        raise
    return os.fdopen(handle, "rb")
