"""Orders to a session: barcodes of the command sheet (`TRACE:UNDO`), and the same typed as words (`undo`).

A barcode of an order begins with `TRACE:`, which no GS1 code does; case does not matter, as caps lock may be on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, get_args

from trace_cli.dock.reader import Entry

PREFIX: Final = "TRACE:"
Name = Literal["UNDO", "DONE", "PLACE", "BY", "COUNT", "LIST", "OK", "HELP"]
WITH_VALUE: Final = frozenset({"PLACE", "BY", "COUNT"})
MEANING: Final[dict[str, str]] = {
    "UNDO": "take the last scan back",
    "DONE": "end the session with its summary",
    "PLACE": "say where: place DOCK-3",
    "BY": "say who: by jo",
    "COUNT": "how many the next scan stands for: 5x",
    "LIST": "show what is still missing",
    "OK": "go on after a refusal (--stop-on-error)",
    "HELP": "show these words",
}
_COUNT: Final = re.compile(r"([1-9]\d{0,8})\s*[xX*]")


@dataclass(frozen=True, slots=True)
class Order:
    """What the session is to do; `value` is the place, the operator or the number."""

    name: Name
    value: str = ""


def read_order(text: str, entry: Entry) -> Order | None:
    """Read an order, as the barcode of the sheet or as a word in small letters; None: it is a code."""
    if text[: len(PREFIX)].upper() == PREFIX:
        name, _, value = text[len(PREFIX) :].partition(":")
        return _make(name.upper(), value)
    if entry != "scanned" and (match := _COUNT.fullmatch(text.strip())):
        return Order("COUNT", match[1])
    found = _read_words(text)
    # What is typed over a slow line, or pasted, arrives at once and looks scanned; an order that became an item
    # would stay in the log for ever. The words alone are no codes; with a value they may be (see `doubted`).
    return found if entry != "scanned" or found is None or not found.value else None


def doubted(text: str) -> str | None:
    """Say why a scan is taken neither as an order nor as a code: it came at once and reads like an order."""
    found = _read_words(text)
    if found is None or not found.value:
        return None
    return (
        "this reads like an order and came at once, as from a scanner; "
        f"write {PREFIX.lower()}{found.name.lower()}:{found.value}, or scan the sheet"
    )


def _read_words(text: str) -> Order | None:
    name, _, value = text.strip().partition(" ")
    return _make(name.upper(), value.strip()) if name.islower() else None


def _make(name: str, value: str) -> Order | None:
    for known in get_args(Name):
        if name == known and bool(value) == (known in WITH_VALUE):
            if known == "COUNT" and not re.fullmatch(r"[1-9]\d{0,8}", value):
                return None
            return Order(known, value)
    return None
