"""Write events as an EPCIS 2.0 document in JSON-LD: one event a line, fields in the order of canonical JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ledger.chain import canonical
from ledger.custody.exchange.epcis_document import VocabularyElement
from ledger.custody.exchange.epcis_json import strings_of
from ledger.custody.exchange.epcis_vocabulary import json_header
from ledger.custody.json_context import OURS, PREFIXES, STANDARD_ADDRESS


def write_json(
    events: Iterable[Mapping[str, Any]], *, created: str, master: Sequence[VocabularyElement] = ()
) -> Iterator[str]:
    """Write a document, piece by piece.

    Every event carries its own context where it needs one beyond that of the standard, so that it can be taken
    out of the document and still says the same.

    Args:
        events: Events in EPCIS 2.0 JSON.
        created: The creationDate.
        master: Master data for the header.
    """
    yield (
        '{\n"@context": ["' + STANDARD_ADDRESS + '"],\n"type": "EPCISDocument",\n"schemaVersion": "2.0",\n'
        f'"creationDate": {canonical.encode(created).decode()},\n'
        + json_header(master)
        + '"epcisBody": {"eventList": ['
    )
    separator = "\n"
    for event in events:
        yield separator + canonical.encode(with_context(event)).decode("utf-8")
        separator = ",\n"
    yield "\n]}\n}\n"


def with_context(event: Mapping[str, Any]) -> dict[str, Any]:
    """Declare our own prefixes where an event uses them, and no context does."""
    used = {text.partition(":")[0] for text in strings_of(event)}
    if not used.intersection(OURS):
        return dict(event)
    context = event.get("@context", [])
    parts = list(context) if isinstance(context, list) else [context]
    declared = {name for part in parts if isinstance(part, dict) for name in part}
    ours = {name: PREFIXES[name] for name in OURS if name in used and name not in declared}
    return {**event, "@context": [*parts, ours]} if ours else dict(event)
