"""Repeat a recorded decision: the history at its size, the run with its parameters, the two results compared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from trace_cli.decided import Decided, open_decision
from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode
from trace_cli.prediction import telling

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from forecasting.rerun import Rerun

SCHEMA: Final = "trace.decision-replay/1"


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
