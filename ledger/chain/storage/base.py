"""The contract of a store. It keeps bytes and knows nothing of hashes.

Promises, for every implementation (one contract suite runs over all of them):

* A `View` is a snapshot: nothing that is committed after it began is ever seen in it.
* A `Transaction` is all or nothing. When `Storage.begin()` ends without an exception, everything put in it is
  durable (survives a power cut, where the store is on disk at all); otherwise nothing of it is there.
* At most one transaction runs at a time, over all processes. A second one waits, and raises `Locked` when it
  has waited for longer than the stated time.
* "Not found" is None (or an empty iterator), never an exception. A fault of the medium is `Unreadable`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from ledger.chain.entry import Attachment
from ledger.chain.tree import TileId


class View(Protocol):
    """A consistent picture of the store."""

    def entries(self, start: int | None = None, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Give (seq, bytes) in order of seq, from `start` up to but not including `stop`; None: no bound.

        What is stored is given as it lies there, gaps and misplaced numbers included.
        """
        ...

    def entry(self, seq: int) -> bytes | None:
        """Give the bytes of one entry."""
        ...

    def tile(self, level: int, n: int) -> bytes | None:
        """Give the hashes of one tile, 32 bytes each."""
        ...

    def tiles(self) -> Iterator[tuple[int, int, bytes]]:
        """Give (level, n, bytes) of all tiles, in order."""
        ...

    def head(self) -> str | None:
        """Give the signed note of the greatest size."""
        ...

    def checkpoints(self) -> Iterator[tuple[int, str]]:
        """Give (size, note) of all checkpoints that were kept, smallest first."""
        ...

    def attachment(self, digest: bytes) -> Attachment | None:
        """Give the value behind a commitment."""
        ...


class Transaction(View, Protocol):
    """A view with the right to write; it sees its own writes."""

    def put_entries(self, first: int, items: Iterable[bytes]) -> None:
        """Add entries, numbered from `first`; a number that is taken is a fault."""
        ...

    def put_tiles(self, tiles: Mapping[TileId, bytes]) -> None:
        """Write tiles, in place of partial ones of the same number."""
        ...

    def put_head(self, size: int, note: str, day: str, *, keep: bool) -> None:
        """Write the new head. The head before it goes, unless it was kept or was the last one of its day.

        Args:
            size: Number of entries that the note signs.
            note: The signed note.
            day: UTC date of the commit, ``YYYY-MM-DD``.
            keep: Whether this checkpoint must stay for ever (it left the house, or a key changed).
        """
        ...

    def keep_checkpoint(self, size: int, note: str) -> None:
        """Keep the checkpoint of that size for ever; put it back where a newer head has replaced it."""
        ...

    def put_attachments(self, items: Iterable[Attachment]) -> None:
        """Write values behind commitments."""
        ...

    def drop_attachments(self, digests: Iterable[bytes]) -> None:
        """Delete values behind commitments, their salts with them; what is not there is passed over."""
        ...


class Storage(Protocol):
    """A place where one log lies."""

    def snapshot(self) -> AbstractContextManager[View]:
        """Begin reading."""
        ...

    def begin(self) -> AbstractContextManager[Transaction]:
        """Begin writing; waits for the writer's lock."""
        ...

    def scrub(self, secrets: Sequence[bytes]) -> bool:
        """Take what was deleted out of free space and journals, too.

        Args:
            secrets: Bytes that must occur nowhere in what the store keeps; none: whatever was deleted.

        Returns:
            False where another process still reads an older state, so that something had to stay.
        """
        ...

    def close(self) -> None:
        """Give back what is held."""
        ...
