"""A store in memory, for tests and for trying things out: same contract, no disk."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from ledger.chain.entry import Attachment
from ledger.chain.errors import Locked, Unreadable
from ledger.chain.tree import TileId

_WAIT = 10.0


@dataclass
class _State:
    rows: dict[int, bytes] = field(default_factory=dict)
    hashes: dict[TileId, bytes] = field(default_factory=dict)
    heads: dict[int, tuple[str, str, bool]] = field(default_factory=dict)
    values: dict[bytes, Attachment] = field(default_factory=dict)


class MemoryView:
    """A snapshot of a `MemoryStorage`."""

    def __init__(self, state: _State) -> None:
        self._state = state

    def entries(self, start: int | None = None, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
        """See `View.entries`."""
        for seq in sorted(self._state.rows):
            if (start is None or seq >= start) and (stop is None or seq < stop):
                yield seq, self._state.rows[seq]

    def entry(self, seq: int) -> bytes | None:
        """See `View.entry`."""
        return self._state.rows.get(seq)

    def tile(self, level: int, n: int) -> bytes | None:
        """See `View.tile`."""
        return self._state.hashes.get((level, n))

    def tiles(self) -> Iterator[tuple[int, int, bytes]]:
        """See `View.tiles`."""
        for (level, n), data in sorted(self._state.hashes.items()):
            yield level, n, data

    def head(self) -> str | None:
        """See `View.head`."""
        return self._state.heads[max(self._state.heads)][0] if self._state.heads else None

    def checkpoints(self) -> Iterator[tuple[int, str]]:
        """See `View.checkpoints`."""
        for size in sorted(self._state.heads):
            yield size, self._state.heads[size][0]

    def attachment(self, digest: bytes) -> Attachment | None:
        """See `View.attachment`."""
        return self._state.values.get(digest)


class MemoryTransaction(MemoryView):
    """A writable copy of the state, put in place at the end."""

    def put_entries(self, first: int, items: Iterable[bytes]) -> None:
        """See `Transaction.put_entries`."""
        for seq, data in enumerate(items, first):
            if seq in self._state.rows:
                raise Unreadable(f"entry {seq} is there already")
            self._state.rows[seq] = bytes(data)

    def put_tiles(self, tiles: Mapping[TileId, bytes]) -> None:
        """See `Transaction.put_tiles`."""
        self._state.hashes.update(tiles)

    def put_head(self, size: int, note: str, day: str, *, keep: bool) -> None:
        """See `Transaction.put_head`."""
        if self._state.heads:
            last = max(self._state.heads)
            _, last_day, kept = self._state.heads[last]
            if not kept and last_day == day:
                del self._state.heads[last]
        self._state.heads[size] = (note, day, keep)

    def keep_checkpoint(self, size: int, note: str) -> None:
        """See `Transaction.keep_checkpoint`."""
        present, day, _ = self._state.heads.get(size, (note, "", True))
        self._state.heads[size] = (present, day, True)

    def put_attachments(self, items: Iterable[Attachment]) -> None:
        """See `Transaction.put_attachments`."""
        for item in items:
            self._state.values[item.digest] = item

    def drop_attachments(self, digests: Iterable[bytes]) -> None:
        """See `Transaction.drop_attachments`."""
        for digest in digests:
            self._state.values.pop(digest, None)


class MemoryStorage:
    """A log in memory. `MemoryStorage.edit` is what an attacker with write access could do."""

    def __init__(self) -> None:
        self._state = _State()
        self._lock = threading.Lock()

    @contextmanager
    def snapshot(self) -> Iterator[MemoryView]:
        """See `Storage.snapshot`."""
        yield MemoryView(copy.deepcopy(self._state))

    @contextmanager
    def begin(self) -> Iterator[MemoryTransaction]:
        """See `Storage.begin`."""
        if not self._lock.acquire(timeout=_WAIT):
            raise Locked(f"waited {_WAIT:.0f} s for the writer's lock")
        try:
            draft = copy.deepcopy(self._state)
            yield MemoryTransaction(draft)
            self._state = draft
        finally:
            self._lock.release()

    @contextmanager
    def edit(self) -> Iterator[tuple[dict[int, bytes], dict[TileId, bytes]]]:
        """Change entries and tiles behind the log's back, to see whether it notices."""
        yield self._state.rows, self._state.hashes

    def scrub(self, secrets: Sequence[bytes]) -> bool:
        """See `Storage.scrub`; memory keeps nothing that was deleted."""
        return not any(
            secret in held.salt + held.data for held in self._state.values.values() for secret in secrets
        )

    def close(self) -> None:
        """See `Storage.close`."""
