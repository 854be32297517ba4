"""Say how many there are of something: the one place where a number meets its noun."""

from __future__ import annotations

from typing import Final

_ALIKE: Final = frozenset({"series", "goods"})
_VOWELS: Final = frozenset("aeiou")


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: `1 event`, `0 events`, `1,204 entries`.

    Args:
        number: How many.
        noun: The noun, or a phrase that ends in it, for one.
    """
    return f"{number:,} {noun if number == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """Write a noun for several, by the rules of English spelling."""
    last = noun.rpartition(" ")[2]
    if last in _ALIKE:
        return noun
    if last.endswith("y") and last[-2:-1] not in _VOWELS:
        return f"{noun[:-1]}ies"
    return f"{noun}es" if last.endswith(("s", "x", "ch", "sh")) else f"{noun}s"


def verb(number: int, one: str, several: str) -> str:
    """Choose the form of a verb: `verb(n, "is", "are")`."""
    return one if number == 1 else several
