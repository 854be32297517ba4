"""Find what a person named among what history knows, and say what was probably meant where nothing is."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from ledger.custody.codes import Codes

_MOST_COMPARED: Final = 20_000
_ALIKE: Final = 0.6


def known_places(events: Any) -> set[str]:
    """Give the URIs of all places that an events table names."""
    return {uri for name in ("place", "source", "destination") for uri in events[name].dropna().unique()}


def find_place(codes: Codes, code: str, places: Collection[str], *, command: str, known_by: str) -> str:
    """Find a place that somebody named, by its URI or its code.

    Args:
        codes: How codes are read.
        code: As it was typed.
        places: URIs that history knows.
        command: What to paste once it is spelt right, without the place.
        known_by: The moment, as people read it.

    Raises:
        CommandError: History knows no such place (exit 4); it names those that are written alike.
    """
    return _find(codes, code, (codes.place(code),), places, "a place", command, known_by)


def find_item(codes: Codes, code: str, items: Collection[str], *, command: str, known_by: str) -> str:
    """Find a thing that somebody named; the arguments are those of `find_place`.

    Raises:
        CommandError: History knows no such thing (exit 4).
    """
    return _find(codes, code, (code, *codes.candidates(code)), items, "a thing", command, known_by)


def _find(
    codes: Codes,
    code: str,
    candidates: Iterable[str],
    known: Collection[str],
    what: str,
    command: str,
    known_by: str,
) -> str:
    if (found := next((one for one in candidates if one in known), None)) is not None:
        return found
    alike = closest([codes.short(one) for one in known], code) if len(known) <= _MOST_COMPARED else []
    meant = f"; did you mean {' or '.join(alike)}?" if alike else ""
    raise CommandError(
        ExitCode.NOT_FOUND,
        f"no event known by {known_by} names {what} {code!r}{meant}",
        remedy=f"{command} {shlex.quote(alike[0])}" if alike else "trace log, to see what there is",
    )


def closest(names: Iterable[str], name: str) -> list[str]:
    """Give up to three names that are written like another one, whatever their case, the closest first."""
    folded: dict[str, str] = {}
    for one in sorted(names):
        folded.setdefault(one.casefold(), one)
    return [folded[one] for one in get_close_matches(name.casefold(), folded, n=3, cutoff=_ALIKE)]
