"""Which AIs go together: what an element needs, bars, and may not repeat (General Specifications section 4.13).

What an element needs may stand in another bar code of the same label, so a lack is told apart from a
contradiction.

>>> lack_of((("10", "ABC"),))
'(10) goes with (01), (02), (03), (8006) or (8026), and none of them is there'
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ledger.custody.gs1.identifiers import find_identifier

# Keys that may lack a serial number, and their length without it. A digital signature is for one thing only.
_WITHOUT_SERIAL: Final = {"253": 13, "255": 13, "8003": 14}


def _has(held: Iterable[str], pattern: str) -> bool:
    stem = pattern.rstrip("n")
    return any(len(ai) == len(pattern) and ai.startswith(stem) for ai in held)


def contradiction_of(elements: Sequence[tuple[str, str]]) -> str | None:
    """Find elements that cannot stand on one thing: one AI with two values, or two AIs that bar each other."""
    held: dict[str, str] = {}
    for ai, value in elements:
        if held.setdefault(ai, value) != value:
            return f"({ai}) is there twice with different values, {held[ai]!r} and {value!r}"
    if len(held) == 1:
        return None
    for ai in held:
        identifier = find_identifier(ai)
        for pattern in () if identifier is None else identifier.bars:
            for other in held:
                if other != ai and _has((other,), pattern):
                    return f"({ai}) and ({other}) cannot stand together"
    if "8030" in held:
        for ai, length in _WITHOUT_SERIAL.items():
            if len(held.get(ai, "")) == length:
                return f"(8030), a digital signature, needs a serial number in ({ai})"
    return None


def lack_of(elements: Sequence[tuple[str, str]]) -> str | None:
    """Find an element without those that it needs."""
    held = {ai for ai, _ in elements}
    for ai in held:
        identifier = find_identifier(ai)
        if identifier is None or not identifier.needs:
            continue
        if not any(all(_has(held, pattern) for pattern in group) for group in identifier.needs):
            names = [" with ".join(f"({pattern})" for pattern in group) for group in identifier.needs]
            which = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
            none = "it is not there" if len(names) == 1 else "none of them is there"
            return f"({ai}) goes with {which}, and {none}"
    return None
