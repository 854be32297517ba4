"""What the bytes of an entry must hold if it names a thing: to search the log for what the index may leave out.

The index lists GS1 things under their canonical Digital Link, an entry holds them as they were received. So the
search is for what every spelling has in common: the digits in a Digital Link of any domain; in an EPC URN, where
the company prefix ends at a place that the key does not tell, its first six digits and the last of the reference.

>>> marks_of("https://acme.example/obj/BOX-07")
[(b'https://acme.example/obj/BOX-07',)]
>>> marks_of("https://id.gs1.org/01/80614141123458/21/S-6789")
[(b'80614141123458', b'6789'), (b'urn:epc:', b'061414', b'6789')]
"""

from __future__ import annotations

import re
from typing import Final

from ledger.chain import canonical
from ledger.chain.errors import Refused
from ledger.custody.gs1.canonical import key_elements

Marks = list[tuple[bytes, ...]]

_RUN: Final = re.compile(r"[0-9A-Za-z]+")
# Where the company prefix begins in a key, where what is joined to the key begins, and the digits of the reference
# that no company prefix of at most twelve digits reaches.
_LAYOUT: Final = {
    "00": (1, 18, slice(13, 17)),
    "01": (1, 14, slice(0)),
    "253": (0, 13, slice(0)),
    "255": (0, 13, slice(0)),
    "402": (0, 17, slice(12, 16)),
    "414": (0, 13, slice(0)),
    "417": (0, 13, slice(0)),
    "8003": (1, 14, slice(0)),
    "8006": (1, 18, slice(0)),
    "8017": (0, 18, slice(12, 17)),
    "8018": (0, 18, slice(12, 17)),
}


def marks_of(uri: str) -> Marks:
    """Give what an entry that names a thing must hold: all of one of these.

    Args:
        uri: The thing, as the index lists it, or any other string.

    Returns:
        Nothing, where no entry can hold it.
    """
    key = key_elements(uri)
    if key is None:
        return exactly(uri)
    ai, value = key[0]
    begin, end, last = _LAYOUT.get(ai, (0, len(value), slice(0)))
    tail = (_longest_run(key[1][1] if key[1:] else value[end:]),)
    # In a Digital Link of long ago a GTIN had fewer digits.
    digits = value[:end].lstrip("0") if ai == "01" else value[:end] if ai in _LAYOUT else _longest_run(value)
    link = (digits, *tail)
    urn = ("urn:epc:", value[begin : begin + 6], value[last], *tail)
    return [tuple(part.encode("ascii") for part in parts if part) for parts in (link, urn)]


def exactly(text: str) -> Marks:
    """Give a string as it stands in an entry; nothing, where no entry can hold it."""
    try:
        return [(canonical.encode(text)[1:-1],)]
    except Refused:
        return []


def _longest_run(text: str) -> str:
    """Find the longest run of letters and digits: what is between them may be written with or without escapes."""
    return max(_RUN.findall(text), key=len, default="")
