"""Repeat a recorded decision: the history at its size, the run with its parameters, the two results compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from ledger.chain.counting import counted
from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode
from trace_cli.prediction import Prediction, read_as_of, refuse, telling

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from forecasting.rerun import Rerun
    from ledger.chain.entry import Entry
    from trace_cli.context import Site
    from trace_cli.known_history import KnownHistory
    from trace_cli.progress import Progress

SCHEMA: Final = "trace.decision-replay/1"
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
        from trace_cli.exclusion import read_left_out

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
        stated = _stated(entry, site.origin)
        root = root_from(view.tile, history.head.size)(stated[0])
        if root is None or root.hex() != stated[1]:
            raise CommandError(
                ExitCode.NOT_VERIFIED,
                f"decision {seq} states a history of {counted(stated[0], 'entry')} with root {stated[1][:12]}..., "
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


def _stated(entry: Entry, origin: str) -> tuple[int, str]:
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
            f"decision {entry.seq} states {counted(size, 'entry')} of {stated.get('origin')}, which it "
            f"cannot have read",
            remedy=f"trace decision show {entry.seq}",
            answer={"schema": SCHEMA, "verified": False, "seq": entry.seq, "first_bad_seq": entry.seq},
        )
    return size, root


def replay_decision(decided: Decided, executor: Executor | None) -> dict[str, Any]:
    """Repeat a decision and compare.

    Returns:
        The JSON answer: ``outcome`` (same, within tolerance, different), ``difference``, ``changed`` (what of the
        engine is not as it was), the digests of both sides.

    Raises:
        CommandError: Its values were erased since, its model is not registered, or it is of no command that can be
            repeated.
    """
    from forecasting.decisions import library_versions
    from forecasting.errors import BadArgument
    from forecasting.registered_models import engine_digest, model_digest
    from forecasting.result_record import TOLERANCE, compare_results, record_result

    body, seq = decided.body, decided.entry.seq
    past = decided.then()
    with telling():
        try:
            again = _repeat(decided, executor)
        except BadArgument as error:
            raise CommandError(
                ExitCode.REFUSED, f"decision {seq}: {error}", remedy=f"trace decision show {seq}"
            ) from None
    data_same = again.data_digest == body.get("data_digest")
    if not data_same and decided.erased:
        raise CommandError(
            ExitCode.REFUSED,
            f"decision {seq} cannot be repeated: values that it read were erased (entry {decided.erased[0]})",
            remedy=f"trace show {decided.erased[0]}",
        )
    same = again.output_digest == body.get("output_digest")
    tolerance = float(body.get("tolerance") or TOLERANCE)
    recorded = body.get("output")
    kept = isinstance(recorded, dict)
    found = compare_results(recorded, record_result(again.result), tolerance) if kept else None  # type: ignore[arg-type]
    if same:
        outcome = "same"
    elif found is None or not data_same:
        outcome = "different"
    else:
        outcome = "different" if found.outcome == "same" else found.outcome
    versions = body.get("versions")
    old = versions if isinstance(versions, dict) else {}
    changed = [
        {"what": name, "recorded": old.get(name), "present": value}
        for name, value in library_versions().items()
        if old.get(name) != value
    ]
    for name, value in (("engine_digest", engine_digest()), ("model_digest", model_digest())):
        if body.get(name) is not None and body[name] != value:
            changed.append({"what": name, "recorded": body[name], "present": value})
    return {
        "schema": SCHEMA,
        "seq": seq,
        "command": body.get("command"),
        "verified": True,
        "checkpoint": past.checkpoint(),
        "present_size": decided.history.head.size,
        "outcome": outcome,
        "tolerance": tolerance,
        "data_same": data_same,
        "data_digest": {"recorded": body.get("data_digest"), "repeated": again.data_digest},
        "output_digest": {"recorded": body.get("output_digest"), "repeated": again.output_digest},
        "difference": None if found is None else _difference(found, same=same),
        "changed": changed,
    }


def _repeat(decided: Decided, executor: Executor | None) -> Rerun:
    from forecasting.rerun import rerun
    from trace_cli.anomaly_run import COMMAND as ANOMALIES
    from trace_cli.anomaly_run import repeat_search
    from trace_cli.progress import Progress
    from trace_cli.scoring import COMMAND, repeat_score

    if decided.body.get("command") == ANOMALIES:
        return repeat_search(decided)
    if decided.body.get("command") != COMMAND:
        return rerun(decided.body, decided.then().events(), executor)
    judged = decided.body.get("refers")
    if type(judged) is not int or judged >= decided.entry.seq:
        raise CommandError(
            ExitCode.REFUSED,
            f"decision {decided.entry.seq} is a score that names no decision before it",
            remedy=f"trace decision show {decided.entry.seq}",
        )
    with Progress("verifying", quiet=True) as progress:
        first = open_decision(decided.site, judged, schema=SCHEMA, progress=progress)
    return repeat_score(decided, first)


def _difference(found: Any, *, same: bool) -> dict[str, Any]:
    from trace_cli.prediction import number

    return {
        "largest_relative": 0.0 if same else number(found.largest_relative),
        "largest_absolute": 0.0 if same else number(found.largest_absolute),
        "column": found.column or None,
        "row": found.row or None,
        "cells_different": 0 if same else found.cells_different,
        "cells": found.cells,
    }


@contextmanager
def workers(count: int) -> Iterator[Executor | None]:
    """Give processes to run in; one worker is this process."""
    if count == 1:
        yield None
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # Spawned, since a forked child inherits the locks of threads that it does not have.
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as executor:
        yield executor
