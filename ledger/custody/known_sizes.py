"""Where places lie and how large lots are, as master data says, for tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from ledger.chain.entry import Entry
from ledger.custody.codes import lot_of, product_of
from ledger.custody.master import by_identifier, standing_master

_OTHER_ROLE: Final = {"/414/": "/417/", "/417/": "/414/"}  # a GLN as a place, and as a party

Row = dict[str, Any]


def known_places_and_lots(entries: Iterable[Entry], size: int) -> tuple[list[Row], list[Row]]:
    """Read coordinates and lot sizes out of master data.

    Private values do not help: coordinates and sizes that a policy keeps private stay unknown.

    Args:
        entries: Proven entries of the kind `master`, in order; what counts of them says `standing_master`.
        size: Only the entries before this number.

    Returns:
        Rows of ``place, latitude, longitude`` and of ``product, lot, lot_size``; lot is None where a product says
        it of all its lots.
    """
    known = by_identifier(entry for entry in entries if entry.seq < size)
    latest: dict[str, Mapping[str, Any]] = {uri: standing_master(found)[1] for uri, found in known.items()}
    places: list[Row] = []
    lots: list[Row] = []
    for uri in sorted(latest):
        body = latest[uri]
        latitude, longitude, lot_size = (_number(body.get(name)) for name in ("latitude", "longitude", "lot_size"))
        if latitude is not None and longitude is not None:
            places += [
                {"place": one, "latitude": latitude, "longitude": longitude} for one in _spellings(uri, latest)
            ]
        if lot_size is not None:
            lot = lot_of(uri)
            lots.append({"product": uri if lot is None else product_of(uri), "lot": lot, "lot_size": lot_size})
    return places, lots


def _spellings(uri: str, known: Mapping[str, Any]) -> list[str]:
    found = [uri]
    for one, other in _OTHER_ROLE.items():
        if one in uri and (twin := uri.replace(one, other, 1)) not in known:
            found.append(twin)
    return found


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else None
