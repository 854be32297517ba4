"""The check character pair of Global Model Numbers (GS1 General Specifications section 7.9.5).

Each character of set 82 counts by its place in the set, times a prime: 2 for the last, 3 for the one before,
and so on. The sum modulo 1021 is written as two of 32 characters that people do not confuse.

>>> check_pair("1987654Ad4X4bL5ttr2310c")
'2K'
"""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import Final

_VALUES: Final = {
    char: value
    for value, char in enumerate(
        "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
    )
}
_PAIR: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_MODULUS: Final = 1021
LONGEST: Final = 97  # characters before the pair; the longest AI is of 90


@lru_cache(maxsize=1)
def _primes() -> tuple[int, ...]:
    found = (number for number in range(2, 512) if all(number % low for low in range(2, int(number**0.5) + 1)))
    return tuple(islice(found, LONGEST))


def check_pair(body: str) -> str:
    """Compute the pair that follows these.

    Args:
        body: At most `LONGEST` characters of set 82.
    """
    total = sum(_VALUES[char] * prime for char, prime in zip(reversed(body), _primes(), strict=False)) % _MODULUS
    return _PAIR[total >> 5] + _PAIR[total & 31]
