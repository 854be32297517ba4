"""One scan, read: the bytes that a scanner sends for one code, and what they say.

>>> read_scan(b"]C10109521234543213").uri
'https://id.gs1.org/01/09521234543213'
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Status = Literal["ok", "refused", "ask"]


class Element(NamedTuple):
    """An AI and its value."""

    ai: str
    value: str


@dataclass(frozen=True, slots=True)
class Scan:
    """What one scan says.

    Args:
        raw: The bytes as they came, without the line end.
        status: `ok`: the code is well-formed. `refused`: it is not, or cannot be read. `ask`: it can be read, and a
            person must say whether it was meant so.
        symbology: The AIM identifier that the scanner sent, such as `]C1`; None: it sent none.
        elements: The AIs and values, in the order of the code; of `ask`, those of the likeliest reading. Empty: the
            code is somebody's own, or refused.
        uri: The canonical Digital Link of the finest key; None: it holds no GS1 key.
        reason: Why it is refused or asked, in words for people.
        readings: Of `ask`: every way to read it, the likeliest first.
        text: The data without the AIM identifier: of a code that is not GS1, the code.
    """

    raw: bytes
    status: Status
    symbology: str | None = None
    elements: tuple[Element, ...] = ()
    uri: str | None = None
    reason: str | None = None
    readings: tuple[tuple[Element, ...], ...] = ()
    text: str = ""


def read_scan(raw: bytes) -> Scan:
    """Read what a scanner sent for one code.

    Args:
        raw: The bytes between two line ends, in UTF-8; separators as the scanner sends them.
    """
    symbology, data = (raw[:3], raw[3:]) if raw[:1] == b"]" and len(raw) > 2 else (b"", raw)
    text = data.decode("utf-8", errors="replace")
    from ledger.custody.gs1.canonical import key_elements, uri_of

    elements = key_elements(text) or ([("01", text[2:])] if text[:2] == "01" and len(text) == 16 else None)
    return Scan(
        raw,
        "ok",
        symbology.decode("ascii") or None,
        () if elements is None else tuple(Element(*pair) for pair in elements),
        None if elements is None else uri_of(elements),
        text=text,
    )
