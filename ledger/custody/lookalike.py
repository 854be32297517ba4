"""Names that look like others: letters of other scripts, width, case, spaces and marks hide a difference.

The skeleton follows the idea of UTS 39, section 4 (confusable detection): two texts that a reader takes for one
have one skeleton. The letters are those of Cyrillic and Greek that most typefaces draw as Latin ones; it finds
the usual forgery and does not claim to find every one.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_DRAWN_AS: Final = str.maketrans(
    {
        **dict(zip("авекмнорстухіјѕԁԛԝһӏґ", "abekmhopctyxijsdqwhlr", strict=True)),
        **dict(zip("αβεζηικμνορτυχγ", "abeznikmvoptuxy", strict=True)),
        **dict(zip("01ıɩɡ|", "olilgl", strict=True)),
    }
)


def skeleton(text: str) -> str:
    """Give what remains of a text when everything that a reader overlooks is taken away.

    >>> skeleton("North Dock") == skeleton("Nоrth\\u2009dосk")
    True
    >>> skeleton("North dock") == skeleton("South dock")
    False
    """
    # Compatibility forms first (wide letters, ligatures), then case, then accents and what is no letter or digit.
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    letters = "".join(char for char in plain if char.isalnum()).translate(_DRAWN_AS)
    return letters.replace("rn", "m").replace("vv", "w")
