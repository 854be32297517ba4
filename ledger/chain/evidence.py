"""Evidence of a fork or a rollback: two signed notes of one origin, as one text that anybody can check.

::

    <the signed note that was seen before, or that a partner holds>
    =====
    <the signed note of the ledger that was judged>

Nothing in it needs this program: each half is a C2SP signed note. Two notes of one size with different roots
contradict each other as they stand; where the sizes differ, the larger ledger shows that it does not begin with
the smaller one.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from ledger.chain.checkpoint import SignedCheckpoint, check_origin

SEPARATOR: Final = "=====\n"
SUFFIX: Final = ".evidence"
_TRIES: Final = 1000


def write_evidence(folder: Path, word: str, known: SignedCheckpoint, found: SignedCheckpoint) -> Path:
    """Write the two notes into a new file and name it; nothing is ever overwritten.

    A file that holds the same two notes already is named instead.

    Args:
        folder: Where.
        word: The verdict, ``forked`` or ``rolled_back``; the name of the file starts with it.
        known: What was seen before, or what a partner holds.
        found: What the ledger says now.

    Raises:
        OSError: It cannot be written.
    """
    text = known.note + SEPARATOR + found.note
    site = check_origin(known.head.origin).split("/", 1)[1].replace("/", "~")
    stem = f"{word}-{site}-{known.head.size}"
    for number in range(1, _TRIES):
        path = folder / (f"{stem}{SUFFIX}" if number == 1 else f"{stem}-{number}{SUFFIX}")
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        except FileExistsError:
            if path.is_file() and path.read_bytes() == text.encode():
                return path
            continue
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        return path
    raise OSError(f"there are too many files {stem}-*{SUFFIX} in {folder}")
