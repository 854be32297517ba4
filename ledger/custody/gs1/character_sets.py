"""The character sets of GS1 element strings and how their values are written inside URIs.

Set 82 is the invariant part of ISO/IEC 646 that AIs of type X may hold, set 39 is for CPIDs, set 64 is base64url
(GS1 General Specifications section 7.11).

>>> to_uri("A/1 b"[:3]), from_uri("A%2F1")
('A%2F1', 'A/1')
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote

SET_82: Final = frozenset("!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
SET_39: Final = frozenset("#-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
SET_64: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
DIGITS: Final = frozenset("0123456789")

# The inside of a regular expression class, for what is matched rather than walked.
CLASS_82: Final = r"!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z"
CLASS_39: Final = r"#\-/0-9A-Z"

# What the EPC Tag Data Standard leaves as it is in a URI (table A-1): all of set 82 but " % & / < > ?
_KEPT: Final = "!'()*+,:;="
_NO_ESCAPE_NEEDED: Final = re.compile(r"[0-9A-Za-z\-._!'()*+,:;=]*")


def to_uri(value: str) -> str:
    """Write a value for the path of a URI: one spelling for each value, in upper-case hexadecimal."""
    return value if _NO_ESCAPE_NEEDED.fullmatch(value) else quote(value, safe=_KEPT)


def from_uri(text: str) -> str:
    """Read a value from the path of a URI; a plus sign is a plus sign there.

    Each escape is one character: what lies beyond ASCII fits no character set, however it was meant.
    """
    return unquote(text, encoding="latin-1") if "%" in text else text


def to_query(value: str) -> str:
    """Write a value for the query of a URI."""
    return to_uri(value).replace("+", "%2B").replace("=", "%3D").replace(";", "%3B").replace("%20", "+")


def from_query(text: str) -> str:
    """Read a value from the query of a URI, where a plus sign is a space."""
    return from_uri(text.replace("+", " "))
