"""Ways to read an element string whose group separators may have got lost.

Scanners that are set up badly send nothing for FNC1 inside a bar code, and then a value of variable length
swallows what follows. All ways to put separators back are tried; what is left are the readings in which every
value passes every linter and every AI has the company that it needs. Which of them was meant, a person must
say.

>>> for reading in readings("0104150011164140211GTFG32DLF1723033110158993A")[:1]:
...     print(reading.elements)
(('01', '04150011164140'), ('21', '1GTFG32DLF'), ('17', '230331'), ('10', '158993A'))
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.custody.gs1.associations import contradiction_of, lack_of
from ledger.custody.gs1.element_string import GS, flaw_of, next_identifier
from ledger.custody.gs1.identifiers import Identifier

MOST: Final = 50
_MOST_LOST: Final = 4
_MOST_STEPS: Final = 20_000
_MOST_TEXT: Final = 400
# Rules that a wrong split seldom passes.
_TELLING: Final = frozenset({"csum", "csumalpha", "yymmd0", "yymmdd", "yyyymmdd", "iban"})
# What labels of goods carry every day; other AIs are believed less where a separator is guessed.
_USUAL: Final = frozenset("00 01 02 10 11 13 15 16 17 20 21 30 37 240 241 250 310n 392n 400 410 414".split())

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read the code.

    Args:
        elements: AIs and values.
        lost: How many separators were put back.
        blind: How many of these stand before an AI whose value has no check digit and no date.
        told: How many values with a check digit or a date there are.
        odd: How many AIs behind a guess are not usual on labels.
        keyed: A value has a check digit.
    """

    elements: Pairs
    lost: int
    blind: int
    told: int
    odd: int
    keyed: bool

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """The likeliest first."""
        return (self.blind, self.odd, -self.told, self.lost)


def readings(text: str) -> list[Reading]:
    """Find every way to read an element string, with at most four separators put back; the likeliest first.

    Args:
        text: The element string, with the separators that did arrive.

    Returns:
        At most `MOST` readings, the one with no separator put back among them where it passes. Text that is longer
        than any bar code has none.
    """
    if not text or len(text) > _MOST_TEXT:
        return []
    search = _Search(text)
    search.walk(0, (), 0, 0, 0)
    return sorted(search.found, key=lambda reading: reading.rank)[:MOST]


def is_telling(identifier: Identifier) -> bool:
    """Tell whether values of this AI have a check digit or a date."""
    return any(rule in _TELLING for part in identifier.parts for rule in part.rules)


def _is_usual(ai: str) -> bool:
    return ai in _USUAL or f"{ai[:3]}n" in _USUAL


class _Search:
    """All readings of one text, depth first."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[Reading] = []
        self.steps = 0

    def walk(self, at: int, done: Pairs, lost: int, blind: int, odd: int) -> None:
        """Read on from a position."""
        if self.steps >= _MOST_STEPS:
            return
        self.steps += 1
        if at == len(self.text):
            self._keep(done, lost, blind, odd)
            return
        identifier = next_identifier(self.text, at)
        if identifier is None:
            return
        start = at + len(identifier.ai)
        if identifier.length:
            self._take(identifier, start, start + identifier.length, done, lost, blind, odd)
            return
        end = self.text.find(GS, start)
        self._take(identifier, start, len(self.text) if end < 0 else end, done, lost, blind, odd)
        if lost < _MOST_LOST:
            self._guess(identifier, start, len(self.text) if end < 0 else end, done, lost, blind, odd)

    def _guess(
        self, identifier: Identifier, start: int, end: int, done: Pairs, lost: int, blind: int, odd: int
    ) -> None:
        longest = sum(part.most for part in identifier.parts)
        for cut in range(start + 1, min(end, start + longest + 1)):
            following = next_identifier(self.text, cut)
            if following is None or flaw_of(identifier, self.text[start:cut]) is not None:
                continue
            value = (identifier.ai, self.text[start:cut])
            self.walk(
                cut,
                (*done, value),
                lost + 1,
                blind + (not is_telling(following)),
                odd + (not _is_usual(following.ai)),
            )

    def _take(
        self, identifier: Identifier, start: int, end: int, done: Pairs, lost: int, blind: int, odd: int
    ) -> None:
        value = self.text[start:end]
        if flaw_of(identifier, value) is None:
            following = end + 1 if self.text.startswith(GS, end) else end
            self.walk(following, (*done, (identifier.ai, value)), lost, blind, odd)

    def _keep(self, elements: Pairs, lost: int, blind: int, odd: int) -> None:
        if lost and (contradiction_of(elements) is not None or lack_of(elements) is not None):
            return
        known = [identifier for ai, _ in elements if (identifier := next_identifier(ai, 0)) is not None]
        self.found.append(
            Reading(
                elements,
                lost,
                blind,
                sum(map(is_telling, known)),
                odd,
                any("csum" in part.rules for identifier in known for part in identifier.parts),
            )
        )
