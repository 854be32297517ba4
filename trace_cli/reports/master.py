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
    from ledger.custody.exchange.master_tables import new_records
    from ledger.custody.index.lookup import Lookup
    from ledger.custody.master import MasterData

    with site.proving() as (view, reader):
        bodies = new_records(MasterData(Lookup(view, reader)), said)
    if not bodies:
        return []
    done = recorder.record_master(bodies, by=site.operator(by), via=via)
    return list(enumerate(bodies, done.first))


def record_keys(record: MasterRecord, codes: Codes) -> dict[str, Any]:
    """Write a record for programs; shelf life in days, tolerance as a share of the inputs."""
    fields = {key: value for key, value in record.body.items() if key not in ("id", "type")}
    return {
        "id": record.uri,
        "code": codes.short(record.uri),
        **fields,
        "seq": record.seq,
        "recorded": record.recorded,
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
