"""A recorded decision, and the history as it was when it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode
from trace_cli.not_verified import refuse
from trace_cli.prediction import Prediction, read_as_of

if TYPE_CHECKING:
    from ledger.chain.entry import Entry
    from trace_cli.context import Site
    from trace_cli.known_history import KnownHistory
    from trace_cli.progress import Progress

_LIST: Final = "trace decision list"


@dataclass(frozen=True)
class Decided:
    """A decision entry out of a history that was verified whole.

    Attributes:
        site: whose.
        entry: the decision.
        body: what it says.
        history: the present history, all of it.
        erased: entries after the stated size in which private values were erased.
    """

    site: Site
    entry: Entry
    body: Mapping[str, Any]
    history: KnownHistory
    erased: tuple[int, ...]

    def then(self) -> Prediction:
        """Give the history as the decision had it: cut to its size, seen from its as-of time."""
        from forecasting.tables.recorded import events_before
        from ledger.chain.checkpoint import Checkpoint

        stated = self.body["checkpoint"]
        head = Checkpoint(stated["origin"], stated["size"], bytes.fromhex(stated["root"]))
        recorded = events_before(self.history.recorded, head.size)
        as_of = read_as_of(str(self.body["selection"]["as_of"]))
        history = replace(self.history, head=head, recorded=recorded)
        return Prediction(self.site, history, as_of or 0, excluded=read_left_out(self.body["selection"]))


def open_decision(site: Site, seq: int, *, schema: str, progress: Progress) -> Decided:
    """Verify the history and read one of its decisions.

    1. The whole log is verified, so everything read after is what was signed.
    2. The entry is a decision, and states a checkpoint of this log that is not younger than itself.
    3. The root over as many entries as it states, computed from the verified tree, is the root that it states: the
       history that it read is a prefix of the present one.

    Raises:
        CommandError: 1 or 3 is not so (exit 3), or there is no such decision (exit 4).
    """
    from ledger.chain.entry import parse_entry
    from ledger.chain.epoch import root_from
    from ledger.chain.pins import save_pin
    from ledger.custody.privacy import reveal
    from ledger.custody.sealed_results import sealed_fields
    from trace_cli.known_history import read_snapshot

    with site.reading() as (view, pin):
        verdict, history = read_snapshot(site, view, pin, progress=progress)
        if history is None:
            refuse(site, verdict, schema, "nothing is repeated")
        data = view.entry(seq) if 0 <= seq < history.head.size else None
        if data is None:
            raise CommandError(
                ExitCode.NOT_FOUND,
                f"there is no entry {seq}: the ledger has entries 0 to {history.head.size - 1}",
                remedy=_LIST,
            )
        entry = parse_entry(data)
        body = reveal(entry.body, view)
        if entry.kind != "decision" or not isinstance(body, dict):
            raise CommandError(
                ExitCode.NOT_FOUND, f"entry {seq} is of kind {entry.kind}, not a decision", remedy=_LIST
            )
        stated = _stated(entry, site.origin, schema)
        root = root_from(view.tile, history.head.size)(stated[0])
        if root is None or root.hex() != stated[1]:
            raise CommandError(
                ExitCode.NOT_VERIFIED,
                f"decision {seq} states a history of {stated[0]} entries with root {stated[1][:12]}..., "
                "which is not the beginning of this one",
                remedy=f"trace verify {site.path}",
                answer={"schema": schema, "verified": False, "seq": seq, "first_bad_seq": seq},
            )
        if hidden := sealed_fields(body):
            raise CommandError(
                ExitCode.REFUSED,
                f"decision {seq} cannot be read: its {' and '.join(hidden)} are private and not held here",
                remedy=f"trace decision show {seq}",
            )
        erased = tuple(
            one for one, raw in view.entries(stated[0], history.head.size) if parse_entry(raw).kind == "erase"
        )
    if verdict.signed is not None:
        save_pin(site.home, verdict.signed)
    return Decided(site, entry, body, history, erased)


def _stated(entry: Entry, origin: str, schema: str) -> tuple[int, str]:
    """Read the checkpoint that a decision states: size and root [hexadecimal]."""
    stated = entry.body.get("checkpoint")
    size, root = (stated.get("size"), stated.get("root")) if isinstance(stated, dict) else (None, None)
    if not (type(size) is int and isinstance(root, str) and isinstance(entry.body.get("selection"), dict)):
        raise CommandError(
            ExitCode.REFUSED,
            f"decision {entry.seq} does not state the history that it read, so it cannot be repeated",
            remedy=f"trace decision show {entry.seq}",
        )
    if stated.get("origin") != origin or not 0 < size <= entry.seq:
        raise CommandError(
            ExitCode.NOT_VERIFIED,
            f"decision {entry.seq} states {size} entries of {stated.get('origin')}, which it cannot have read",
            remedy=f"trace decision show {entry.seq}",
            answer={"schema": schema, "verified": False, "seq": entry.seq, "first_bad_seq": entry.seq},
        )
    return size, root


def read_left_out(selection: Mapping[str, Any]) -> frozenset[tuple[int, str]]:
    """Read what a decision left out.

    Raises:
        CommandError: It is not written as `Exclusion.recorded` writes it.
    """
    excluded = selection.get("excluded")
    if excluded is None:
        return frozenset()
    rows = excluded.get("rows") if isinstance(excluded, dict) else None
    if not isinstance(rows, list) or not all(
        isinstance(row, list) and len(row) == 2 and type(row[0]) is int and isinstance(row[1], str) for row in rows
    ):
        raise CommandError(ExitCode.REFUSED, "the decision does not say which events it left out")
    return frozenset((seq, item) for seq, item in rows)
