"""Keyboard layouts: what a computer makes of the keys that a scanner presses as if the keyboard were a US one.

Only the characters of GS1 set 82 and of AIM identifiers matter. A dead key types nothing by itself.
"""

from __future__ import annotations

from typing import Final

_US: Final = "`1234567890-=qwertyuiop[]asdfghjkl;'\\zxcvbnm,./~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:\"|ZXCVBNM<>?"
_ROWS: Final = {
    "fr": (
        "²&é\"'(-è_çà)=azertyuiop\0$qsdfghjklmù*wxcvbn,;:!\u00001234567890°+AZERTYUIOP\0£QSDFGHJKLM%µWXCVBN?./§"
    ),
    "de": (
        "\u00001234567890ß\0qwertzuiopü+asdfghjklöä#yxcvbnm,.-°!\"§$%&/()=?\0QWERTZUIOPÜ*ASDFGHJKLÖÄ'YXCVBNM;:_"
    ),
    "uk": ("`1234567890-=qwertyuiop[]asdfghjkl;'#zxcvbnm,./¬!\"£$%^&*()_+QWERTYUIOP{}ASDFGHJKL:@~ZXCVBNM<>?"),
}
DEAD: Final = "\0"


def layout(name: str) -> dict[str, str]:
    """Map each character that a scanner means to what a computer of that layout shows; `DEAD`: nothing."""
    return {} if name == "us" else dict(zip(_US, _ROWS[name], strict=True))


NAMES: Final = ("us", *_ROWS)
