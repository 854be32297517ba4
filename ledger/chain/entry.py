"""One entry of the log: its bytes, drawn and read.

::

    {"_prev":"<leaf hash of the entry before, 64 hex>","_seq":7,"body":{...},"by":"dock-3",
     "kind":"event","rec":"2026-03-01T08:15:00.123Z","via":"scanned"}          (one line, no white space)

`_prev` and `_seq` sort first in canonical JSON, so the start of the bytes is known in advance and both the
chain and the order are one comparison of bytes. The leaf is SHA-256(0x00 || bytes).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from ledger.chain import canonical
from ledger.chain.errors import BadJson, Refused

MAX_BODY: Final = 16 * 1024 * 1024
IMPORTED: Final = "imported"  # how an entry came that was read from the files of others
VIA: Final = frozenset({"scanned", "typed", "piped", IMPORTED})

_KEYS: Final = ["_prev", "_seq", "body", "by", "kind", "rec", "via"]
_KIND: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_is_hash: Final = re.compile("[0-9a-f]{64}").fullmatch
_OPERATOR_LIMIT: Final = 256

# As `ledger.chain.commitment.MARK`, which is built on entries.
_COMMITMENT: Final = b'{"_commit":"'

# The tail of an entry of kind "event" is `"kind":"event","rec":"<24 characters>","via":"<at most 8>"}`.
_EVENT_MARK: Final = b'"kind":"event","rec":"'
_EVENT_TAIL: Final = len(_EVENT_MARK) + 24 + len(b'","via":"') + 8 + len(b'"}')

# The same for kind "key", as a place counted from the end.
KEY_MARK: Final = b'"kind":"key","rec":"'
KEY_TAIL: Final = -(len(KEY_MARK) + 24 + len(b'","via":"') + 8 + len(b'"}'))


class Attachment(NamedTuple):
    """The value behind a commitment: SHA-256(salt || data) is `digest`."""

    digest: bytes
    salt: bytes
    data: bytes


class Draft(NamedTuple):
    """What a caller wants recorded: the payload in canonical bytes and who gave it, how.

    `attachments` are the private values whose commitments stand in the body.
    """

    kind: str
    body: bytes
    by: str
    via: str
    attachments: tuple[Attachment, ...] = ()


class Entry(NamedTuple):
    """A parsed entry."""

    seq: int
    prev: bytes
    body: Any
    by: str
    kind: str
    rec: str
    via: str
    sealed: bool = True
    """Whether anything in it may be a commitment; False where its bytes have none."""


def draft(kind: str, body: object, *, by: str, via: str, attachments: tuple[Attachment, ...] = ()) -> Draft:
    """Make a draft from a value.

    Raises:
        Refused: The kind, operator or way of entry is malformed, or the body has no canonical form or
            is larger than `MAX_BODY`.
    """
    if not _KIND.fullmatch(kind):
        raise Refused(f"the kind of an entry must be a lower-case word, got {kind!r}")
    if via not in VIA:
        raise Refused(f"the way of entry must be one of {', '.join(sorted(VIA))}, got {via!r}")
    if len(by) > _OPERATOR_LIMIT:
        raise Refused(f"an operator has at most {_OPERATOR_LIMIT} characters, got {len(by)}")
    data = canonical.encode(body)
    if len(data) > MAX_BODY:
        raise Refused(f"a payload holds at most {MAX_BODY} bytes, got {len(data)}")
    return Draft(kind, data, by, via, attachments)


def head_bytes(prev_hex: str, seq: int) -> bytes:
    """Write the start of entry `seq`, which chains it to the one before."""
    return f'{{"_prev":"{prev_hex}","_seq":{seq},"body":'.encode("ascii")


def entry_bytes(prev: bytes, seq: int, item: Draft, rec: str) -> bytes:
    """Write the canonical bytes of an entry.

    Args:
        prev: Leaf hash of the entry before, 32 zero bytes for entry 0.
        seq: Its number, from 0.
        item: What to record.
        rec: The ledger's own time as `record_time` writes it.
    """
    return head_bytes(prev.hex(), seq) + item.body + _tail_bytes(item.by, item.kind, rec, item.via)


@lru_cache(maxsize=16)  # the entries of a batch share it
def _tail_bytes(by: str, kind: str, rec: str, via: str) -> bytes:
    words = (canonical.encode(by), kind.encode("ascii"), rec.encode("ascii"), via.encode("ascii"))
    return b',"by":%s,"kind":"%s","rec":"%s","via":"%s"}' % words


def is_plain_event(data: bytes) -> bool:
    """Tell in one search whether the bytes end as an entry of kind "event" does.

    Quotes inside strings are escaped, so nothing in the body or the operator can imitate the mark.
    """
    return data.find(_EVENT_MARK, len(data) - _EVENT_TAIL) >= 0


def parse_entry(data: bytes) -> Entry:
    """Read the bytes of an entry.

    Raises:
        BadJson: The bytes are no entry.
    """
    # A body may nest as deep as any value, and lies one level down.
    value = canonical.parse(data, max_depth=canonical.MAX_DEPTH + 1)
    if type(value) is not dict or list(value) != _KEYS:
        raise BadJson(f"an entry has exactly the keys {', '.join(_KEYS)}, in that order")
    prev, seq, body, by, kind, rec, via = value.values()
    if not (type(prev) is str and _is_hash(prev)):
        raise BadJson("an entry's _prev must be 64 hexadecimal digits")
    if type(seq) is not int or seq < 0:
        raise BadJson("an entry's _seq must be a whole number from 0")
    if not (type(by) is type(kind) is type(rec) is type(via) is str):
        wrong = next(key for key in ("by", "kind", "rec", "via") if type(value[key]) is not str)
        raise BadJson(f"an entry's {wrong} must be a string")
    return Entry(seq, bytes.fromhex(prev), body, by, kind, rec, via, _COMMITMENT in data)


def record_time(moment: datetime) -> str:
    """Write a moment as entries do: UTC with milliseconds.

    >>> record_time(datetime(2026, 3, 1, 8, 15, 0, 123999, tzinfo=UTC))
    '2026-03-01T08:15:00.123Z'
    """
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"
