"""Complete places, products, lots and items in a shell, by prefix and from the index alone: nobody waits."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

_MOST: Final = 60


def completes(*rooms: str) -> Callable[[str], list[str]]:
    """Make a function that completes codes of some kinds: `loc`, `obj`, `class`, `lot`."""

    def complete(incomplete: str) -> list[str]:
        return find_codes(rooms, incomplete, os.environ)

    return complete


def complete_things(incomplete: str) -> list[str]:
    """Complete items, lots and products."""
    return find_codes(("obj", "lot", "class"), incomplete, os.environ)


def complete_steps(incomplete: str) -> list[str]:
    """Complete the steps of the CBV."""
    from ledger.custody.vocabulary import STEPS

    return sorted(step for step in STEPS if step.startswith(incomplete))


def find_codes(rooms: tuple[str, ...], start: str, environ: Mapping[str, str]) -> list[str]:
    """List known codes that begin so; nothing where there is no ledger, as completing must never fail."""
    from ledger.chain.errors import LedgerError
    from trace_cli.context import find_site
    from trace_cli.errors import CommandError

    named = environ.get("TRACE_LEDGER")
    try:
        site = find_site(Path(named) if named else None)
        with site.reading() as (view, _):
            return _find(view.connection, site.codes.domain, rooms, start)
    except (CommandError, LedgerError):
        return []


def near_codes(connection: object, domain: str, code: str) -> list[str]:
    """List up to three known codes that are spelt almost like one that is not known; a hint, from the index."""
    from difflib import get_close_matches

    known: list[str] = []
    if not code.isprintable():
        return known  # an argument that is no text has no spelling
    for share in (0.8, 0.5):
        start = code[: max(2, int(len(code) * share))]
        known += _find(connection, domain, ("lot", "obj", "class", "loc"), start)
    return get_close_matches(code, list(dict.fromkeys(known)), n=3, cutoff=0.75)


def what_was_meant(connection: object, domain: str, code: str) -> str:
    """Say what to do about a code that no event names: the ones that are spelt almost so, else where to look."""
    near = near_codes(connection, domain, code)
    return f"did you mean {' or '.join(near)}" if near else "look at what is there: trace log"


def _find(connection: object, domain: str, rooms: tuple[str, ...], start: str) -> list[str]:
    from urllib.parse import quote, unquote

    from ledger.custody.index.read import beginning_with

    found: list[str] = []
    for room in rooms:
        base = f"https://{domain}/{room}/"
        uris = beginning_with(connection, base + quote(start, safe=":"), _MOST)  # type: ignore[arg-type]
        found += [unquote(uri[len(base) :]) for uri in uris]
    if start.isdigit() or not start:
        found += _gs1(connection, rooms, start)
    product, colon, lot = start.partition(":")
    if colon and product.isdigit() and "lot" in rooms:
        found += _gs1(connection, ("lot",), f"{product.zfill(14)}/10/{quote(lot, safe='')}")
    return sorted(set(found))[:_MOST]


def _gs1(connection: object, rooms: tuple[str, ...], start: str) -> list[str]:
    """List the GS1 keys: SSCC as items, GTIN as products (and PRODUCT:LOT as lots), GLN as places."""
    from urllib.parse import unquote

    from ledger.custody.gs1.canonical import BASE
    from ledger.custody.index.read import beginning_with

    found: list[str] = []
    for room, ai in (("obj", "00"), ("loc", "414"), ("class", "01"), ("lot", "01")):
        if room not in rooms:
            continue
        for uri in beginning_with(connection, f"{BASE}/{ai}/{start}", _MOST):  # type: ignore[arg-type]
            parts = uri[len(BASE) + 1 :].split("/")
            plain = len(parts) == 2 and (room != "lot")
            if plain:
                found.append(parts[1])
            elif room == "lot" and len(parts) == 4 and parts[2] == "10":
                found.append(f"{parts[1]}:{unquote(parts[3])}")
    return found
