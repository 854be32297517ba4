"""What the commands on the food traceability rule share: verified events, settings, descriptions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from ledger.custody.fsma.sheets import Describe, Scope, Workbook
    from ledger.custody.master import MasterData
    from trace_cli.context import Site

# Master data by the names of the standards, as parts of a description: an address, and attributes of others.
_ADDRESS: Final = {"city": "city", "state": "state", "zip": "postalCode", "country": "countryCode"}
_ATTRIBUTES: Final = {
    **{name: name for name in ("phone", "street", "city", "state", "zip", "country", "size", "style")},
    "telephone": "phone",
    "packaging_size": "size",
    "netContent": "size",
    "packaging_style": "style",
    "packagingType": "style",
    "postalCode": "zip",
    "countryCode": "country",
    "commodity": "commodity",
    "variety": "variety",
    "gln": "gln",
}
# So many past events of the goods are looked at before a warning; more would keep somebody waiting at the dock.
_LOOKED_AT: Final = 400


def make_scope(
    site: Site, products: Sequence[str], lots: Sequence[str], first: str | None, last: str | None
) -> Scope:
    """Read what was asked for.

    Raises:
        Refused: A code or a day is malformed.
    """
    from ledger.custody.fsma.sheets import Scope, read_day

    wanted: set[str] = set()
    for lot in lots:
        wanted |= {lot, *site.codes.candidates(lot)}
    return Scope(
        frozenset(site.codes.product(code) for code in products),
        frozenset(wanted),
        read_day(first, "--from") if first else None,
        read_day(last, "--to") if last else None,
    )


def read_workbook(site: Site, scope: Scope) -> tuple[Workbook, dict[str, Any]]:
    """Verify the ledger and fill the sheets from it; give them with the head that they rest on.

    Raises:
        CommandError: The history does not hold.
    """
    from ledger.chain.reader import AuthenticReader
    from ledger.chain.verify import verify
    from ledger.custody.fsma.sheets import make_workbook, read_food_events
    from ledger.custody.index.lookup import Lookup
    from ledger.custody.master import MasterData

    policy = site.believed_policy()
    with site.reading() as (view, pin):
        verdict = verify(view, origin=site.origin, policy=policy, pin=pin)
        if verdict.word != "ok":
            raise CommandError(
                ExitCode.NOT_VERIFIED,
                f"this history does not hold ({verdict.word}), so nothing is made of it",
                remedy="trace verify",
            )
        reader = AuthenticReader(view, origin=site.origin, policy=policy, pin=pin, key_seqs=site.key_seqs(view))
        book = make_workbook(
            read_food_events(view, verdict.size),
            scope,
            short=site.codes.short,
            describe=describer(site, MasterData(Lookup(view, reader))),
            make_lot=lambda product, lot: site.codes.lot(lot, product),
            landings=frozenset(site.codes.place(code) for code in site.settings.strings("fsma", "landings")),
        )
    return book, {"origin": verdict.origin, "size": verdict.size, "root": verdict.root.hex()}


def describer(site: Site, master: MasterData) -> Describe:
    """Say how places and products are described: by master data, and what the settings say goes before it."""
    known: dict[str, Mapping[str, str]] = {}
    for room, read in (("places", site.codes.place), ("products", site.codes.product)):
        table = site.settings.table.get("fsma", {}).get(room, {})
        for code, parts in table.items() if isinstance(table, dict) else ():
            if isinstance(parts, dict):
                known[read(code)] = {str(key): str(value) for key, value in parts.items()}
    found: dict[str, Mapping[str, str]] = {}

    def describe(uri: str) -> Mapping[str, str]:
        if uri not in found:
            found[uri] = {**_described(master, uri), **known.get(uri, {})}
        return found[uri]

    return describe


def _described(master: MasterData, uri: str) -> dict[str, str]:
    """Write the master data of a place or a product as the parts of a description (21 CFR 1.1310)."""
    record = None if master.is_empty else master.record(uri)
    if record is None:
        return {}
    said = {"name": record.text("name"), "phone": record.text("contact"), "tlc_source": record.text("tlc_source")}
    address = record.body.get("address")
    if isinstance(address, Mapping):
        parts = {key: value for key, value in address.items() if isinstance(value, str)}
        streets = (parts.get(f"streetAddress{number}") for number in ("One", "Two", "Three"))
        said["street"] = ", ".join(filter(None, streets)) or None
        said |= {key: parts.get(local) for key, local in _ADDRESS.items()}
    else:
        said["street"] = record.text("address")
    latitude, longitude = record.number("latitude"), record.number("longitude")
    if latitude is not None and longitude is not None:
        said["coordinates"] = f"{latitude:f}, {longitude:f}"
    attributes = record.body.get("attributes")
    for name, value in attributes.items() if isinstance(attributes, Mapping) else ():
        key = _ATTRIBUTES.get(re.split("[#/:]", name)[-1])
        if key is not None and isinstance(value, str):
            said.setdefault(key, value)
    return {key: value for key, value in said.items() if value}


def warn_of_absent(site: Site, event: dict[str, Any]) -> None:
    """Say on stderr which elements of the food traceability rule an event lacks, before it is recorded.

    Only of lots, unless the settings have a section [fsma]; never where it says ``warn = false``.
    """
    from ledger.custody.fsma.source import lot_parts
    from trace_cli.formats.answer import note

    settings = site.settings.table.get("fsma")
    things = _things(event)
    lots = any(lot_parts(uri) is not None for uri in things)
    if (settings is None and not lots) or (settings or {}).get("warn") is False or site.policy is None:
        return
    found = absent_elements(site, event, things)
    if found:
        named = ", ".join(f"{title} ({section})" for title, section in found)
        note(f"warning: for the food traceability rule (FSMA 204) this lacks: {named}")
        note("  mend: give it now, with --document, --to, --from, PRODUCT:LOT=QUANTITY; or [fsma] warn = false")


def absent_elements(site: Site, event: dict[str, Any], things: Sequence[str]) -> list[tuple[str, str]]:
    """List what a shipping or receiving event lacks, as (element, section), after what the ledger knows of it."""
    from ledger.custody.fsma.code_source import fill_code_source
    from ledger.custody.fsma.elements import TRACKING_EVENTS, absent
    from ledger.custody.fsma.records import Sweep
    from ledger.custody.fsma.source import FoodEvent, all_things, read_food_event
    from ledger.custody.index.lookup import Lookup
    from ledger.custody.master import MasterData
    from ledger.custody.privacy import reveal

    known: dict[int, FoodEvent] = {}
    with site.proving() as (view, reader):
        lookup = Lookup(view, reader, probed=0)  # a warning, and somebody waits for it
        describe = describer(site, MasterData(lookup))
        now = read_food_event(-1, event)
        waiting, seen = list(things), set(things)
        while waiting and len(known) < _LOOKED_AT:
            for entry in lookup.entries_naming(waiting.pop(), probe=False)[-_LOOKED_AT:]:
                if entry.seq not in known:
                    past = read_food_event(entry.seq, reveal(entry.body, view))
                    known[entry.seq] = past
                    fresh = {uri for uri, _ in all_things(past)} - seen
                    if past.container in things and len(fresh) < _LOOKED_AT:
                        seen |= fresh
                        waiting += fresh
        past_events = sorted(known.values(), key=lambda one: (one.time, one.seq))
        sweep = Sweep(frozenset(), lambda product, lot: site.codes.lot(lot, product))
        records = [record for record in sweep.run([*past_events, now]) if record.seq == now.seq]
        for record in records:
            fill_code_source(record, describe)
    tracking = TRACKING_EVENTS[event["bizStep"]]
    if not records:
        return [("Traceability lot code", tracking.elements[0].section)]
    found = (element for record in records for element in absent(tracking, record.values))
    return list(dict.fromkeys((element.title.lower(), element.section) for element in found))


def _things(event: dict[str, Any]) -> list[str]:
    from ledger.custody.kinds.registry import find_kind

    return [mention.uri for mention in find_kind(event["type"]).mentions(event)]
