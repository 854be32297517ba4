"""Master data for people and programs, and how new records are written."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ledger.custody.codes import Codes
    from ledger.custody.exchange.master_tables import Said
    from ledger.custody.master import MasterRecord
    from ledger.custody.recorder import Recorder
    from trace_cli.context import Site


def record_new(
    site: Site, recorder: Recorder, said: Iterable[Said], *, by: str | None, via: str
) -> list[tuple[int, dict[str, Any]]]:
    """Record what is new in one commit; give the number and the body of each entry.

    Raises:
        LedgerError: Of the ledger; nothing is recorded then.
    """
    from ledger.chain.entry import IMPORTED
    from ledger.custody.exchange.master_tables import new_records
    from ledger.custody.index.lookup import Lookup
    from ledger.custody.master import MasterData

    with site.proving() as (view, reader):
        bodies = new_records(MasterData(Lookup(view, reader)), said, imported=via == IMPORTED)
    if not bodies:
        return []
    done = recorder.record_master(bodies, by=site.operator(by), via=via)
    return list(enumerate(bodies, done.first))


def questioned(site: Site, bodies: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Say what of imported records is not as it was said here, or could be taken for it.

    Args:
        site: Whose ledger.
        bodies: Of the records, as they were recorded.

    Returns:
        ``id, why, field, here, there``: `disputed` is a field of which this site says otherwise, which counts;
        `looks_like` a name or a code that reads like that of another record, which then stands in `here`.
    """
    from ledger.custody.index.lookup import Lookup
    from ledger.custody.lookalike import skeleton
    from ledger.custody.master import TYPES, MasterData

    wanted = [str(body["id"]) for body in bodies]
    if not wanted:
        return []
    with site.proving() as (view, reader):
        master = MasterData(Lookup(view, reader))
        ours = [one for type_ in TYPES for one in master.records(type_) if not one.imported]
        theirs = [record for uri in wanted if (record := master.record(uri)) is not None]
    drawn: dict[str, tuple[str, str]] = {}
    for record in ours:
        for text in _shown(record, site.codes):
            drawn.setdefault(skeleton(text), (record.uri, text))
    found: list[dict[str, Any]] = []
    for record in theirs:
        for name, value in record.disputed.items():
            found.append(_question(record, "disputed", name, record.body[name], value))
        for text in _shown(record, site.codes) if record.imported else ():
            uri, like = drawn.get(skeleton(text), (record.uri, ""))
            if uri != record.uri:
                found.append(_question(record, "looks_like", "name", f"{site.codes.short(uri)} {like}", text))
    return found


def _shown(record: MasterRecord, codes: Codes) -> list[str]:
    """List what stands for a record in answers."""
    return [text for text in (record.text("name"), codes.short(record.uri)) if text]


def _question(record: MasterRecord, why: str, name: str, here: Any, there: Any) -> dict[str, Any]:
    return {"id": record.uri, "why": why, "field": name, "here": value_text(here), "there": value_text(there)}


def record_keys(record: MasterRecord, codes: Codes) -> dict[str, Any]:
    """Write a record for programs; shelf life in days, tolerance as a share of the inputs."""
    fields = {key: value for key, value in record.body.items() if key not in ("id", "type")}
    return {
        "id": record.uri,
        "code": codes.short(record.uri),
        **fields,
        "seq": record.seq,
        "recorded": record.recorded,
        "imported": record.imported,
        **({"disputed": dict(record.disputed)} if record.disputed else {}),
    }


def value_text(value: Any) -> str:
    """Write a value for people; what is private and not here any more is said to be withheld."""
    if isinstance(value, dict):
        if list(value) == ["_commit"]:
            return "(withheld)"
        return ", ".join(value_text(part) for part in value.values())
    if isinstance(value, list):
        return ", ".join(value_text(part) for part in value)
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
