"""Private values and their erasure: what must be there, what must be gone, and why.

An entry of kind `erase` names the commitments whose values were deleted, as they stand in the event::

    {"digests":[{"_commit":"<64 hex>"}],"field":"contact","reason":"asked by the person","seq":17}

Its place is after the event, so what is missing is judged at the end of a walk over the whole log.
"""

from __future__ import annotations

from typing import Final

from ledger.chain.commitment import commitment_digest, find_commitments
from ledger.chain.entry import parse_entry
from ledger.chain.errors import BadJson
from ledger.chain.storage.base import View
from ledger.chain.verdict import Case

KIND: Final = "erase"

# The tail of such an entry; quotes inside strings are escaped, so nothing can imitate it (see `is_plain_event`).
_TAIL: Final = b'"kind":"erase","rec":"'
_TAIL_SIZE: Final = len(_TAIL) + 24 + len(b'","via":"') + 8 + len(b'"}')


def is_erase_entry(data: bytes) -> bool:
    """Tell by the end of its bytes whether an entry is of kind `erase`."""
    return data.find(_TAIL, max(0, len(data) - _TAIL_SIZE)) >= 0


class PrivateCheck:
    """Check 9 of a verification: every commitment has its value, and the value fits, unless it was erased.

    Args:
        view: The snapshot that is walked.
        case: Where findings go.
    """

    def __init__(self, view: View, case: Case) -> None:
        self._view = view
        self._case = case
        self._missing: list[tuple[bytes, int]] = []
        self._erased: dict[bytes, int] = {}

    def see(self, seq: int, data: bytes) -> None:
        """Take note of an entry that holds commitments."""
        if is_erase_entry(data):
            about = _subject_of(data, seq)
            self._erased.update((digest, about) for digest in find_commitments(data))
            return
        for digest in find_commitments(data):
            self._case.counts["private"] += 1
            held = self._view.attachment(digest)
            if held is None:
                self._missing.append((digest, seq))
            elif commitment_digest(held.salt, held.data) != digest:
                self._case.add(
                    "private", "attachment", seq, f"a private value of entry {seq} is not the recorded one"
                )

    def judge(self) -> None:
        """Say at the end what is missing without an erase entry, and what is there in spite of one."""
        for digest, seq in self._missing:
            if digest not in self._erased:
                self._case.add(
                    "private",
                    "missing attachment",
                    seq,
                    f"a private value of entry {seq} is not there, and no erase entry says why",
                    "restore the file from a backup",
                )
        for digest, seq in self._erased.items():
            held = self._view.attachment(digest)
            if held is not None and commitment_digest(held.salt, held.data) == digest:
                self._case.add(
                    "private",
                    "attachment",
                    seq,
                    f"a private value of entry {seq} that was erased is there again",
                    "find out who put it back; erase it again with trace erase",
                )


def _subject_of(data: bytes, seq: int) -> int:
    """Read which entry an erase entry is about; its own number, where it does not say."""
    try:
        body = parse_entry(data).body
    except BadJson:
        return seq
    about = body.get("seq") if type(body) is dict else None
    return about if type(about) is int and 0 <= about < seq else seq
