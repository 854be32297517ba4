"""Element strings: AIs and values as bar codes carry them, and as people write them in brackets.

A value of predefined length ends by itself; any other ends at a group separator (GS, ASCII 29, sent for FNC1)
or at the end (GS1 General Specifications section 7.8). Every value is judged by the parts and linters of its
AI.

>>> parse("0109521234543213" + "10ABC" + GS + "17271231")
(Element(ai='01', value='09521234543213'), Element(ai='10', value='ABC'), Element(ai='17', value='271231'))
>>> parse_bracketed("(01)09521234543213(10)ABC")
(Element(ai='01', value='09521234543213'), Element(ai='10', value='ABC'))
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from ledger.chain.errors import Refused
from ledger.custody.gs1.identifiers import Identifier, ai_length, find_identifier
from ledger.custody.gs1.linters import LINTERS, Flaw, digits, set_39, set_64, set_82
from ledger.custody.gs1.malformed import Malformed

GS: Final = "\x1d"
_SETS: Final = {"n": digits, "x": set_82, "y": set_39, "z": set_64}
_BRACKETED: Final = re.compile(r"\(([0-9]{2,4})\)((?:[^(\\]|\\.)*)", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\([(\\])")


class Element(NamedTuple):
    """An AI and its value."""

    ai: str
    value: str


def flaw_of(identifier: Identifier, value: str) -> Flaw | None:
    """Judge a value by the rules of its AI.

    Returns:
        None, or a code, the position of the fault and its length.
    """
    if not value:
        return ("EMPTY", 0, 0)
    at = 0
    for part in identifier.parts:
        text = value[at : at + part.most]
        if not text and part.optional:
            break
        if (flaw := _SETS[part.kind](text)) is not None:
            return _shifted(flaw, at)
        if len(text) < part.least:
            return ("TOO_SHORT", at, len(text))
        for rule in part.rules:
            if (flaw := LINTERS[rule](text)) is not None:
                return _shifted(flaw, at)
        at += len(text)
    return None if at == len(value) else ("TOO_LONG", at, len(value) - at)


def _shifted(flaw: Flaw, by: int) -> Flaw:
    return (flaw[0], flaw[1] + by, flaw[2])


def check_element(ai: str, value: str) -> Element:
    """Pass an element through that follows the rules of its AI.

    Raises:
        Refused: There is no such AI.
        Malformed: The value breaks a rule.
    """
    identifier = find_identifier(ai)
    if identifier is None:
        raise Refused(f"there is no AI ({ai})")
    if (flaw := flaw_of(identifier, value)) is not None:
        raise Malformed(flaw[0], ai, value, flaw[1], flaw[2])
    return Element(ai, value)


def next_identifier(text: str, at: int) -> Identifier | None:
    """Find the AI that stands at a position; None: none does."""
    length = ai_length(text[at : at + 2])
    return find_identifier(text[at : at + length]) if length else None


def parse(text: str) -> tuple[Element, ...]:
    """Read an element string, with GS for each separator and none before the first AI.

    Raises:
        Malformed: A value breaks a rule of its AI.
        Refused: It is empty, or an AI is none.
    """
    if not text:
        raise Refused("the element string is empty")
    found: list[Element] = []
    at = 0
    while at < len(text):
        identifier = next_identifier(text, at)
        if identifier is None:
            raise Refused(_no_ai(text, at, found))
        start = at + len(identifier.ai)
        if identifier.length:
            end = start + identifier.length
        elif (end := text.find(GS, start)) < 0:
            end = len(text)
        value = text[start:end]
        if (flaw := flaw_of(identifier, value)) is not None:
            raise Malformed(flaw[0], identifier.ai, value, flaw[1], flaw[2])
        found.append(Element(identifier.ai, value))
        # A separator may also follow a value that needs none.
        at = end + 1 if text.startswith(GS, end) else end
    return tuple(found)


def _no_ai(text: str, at: int, found: Sequence[Element]) -> str:
    where = f" after ({found[-1].ai}) {found[-1].value}" if found else ""
    return f"no AI begins with {text[at : at + 4]!r}{where}"


def parse_bracketed(text: str) -> tuple[Element, ...]:
    r"""Read AIs in brackets, as they stand under a bar code. A bracket inside a value is written `\(`.

    Raises:
        Malformed: A value breaks a rule of its AI.
        Refused: It is not written so, or an AI is none.
    """
    found: list[Element] = []
    at = 0
    while at < len(text):
        match = _BRACKETED.match(text, at)
        if match is None:
            raise Refused(f"expected an AI in brackets, such as (01), at {text[at : at + 8]!r}")
        value = _ESCAPED.sub(r"\1", match[2])
        found.append(check_element(match[1], value.strip(" ") or value))
        at = match.end()
    if not found:
        raise Refused("the element string is empty")
    return tuple(found)


def write(elements: Sequence[tuple[str, str]]) -> str:
    """Write an element string with a separator after each value that needs one and is not the last."""
    out: list[str] = []
    for number, (ai, value) in enumerate(elements, 1):
        identifier = find_identifier(ai)
        open_end = identifier is None or not identifier.length
        out.append(f"{ai}{value}{GS if open_end and number < len(elements) else ''}")
    return "".join(out)


def write_bracketed(elements: Sequence[tuple[str, str]]) -> str:
    """Write AIs in brackets, as people read them."""
    return "".join(f"({ai}){value}" for ai, value in elements)
