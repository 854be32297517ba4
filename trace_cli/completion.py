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
