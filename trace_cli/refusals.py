"""Keep out what the ledger contradicts: judged under the writer's lock, told with the event that contradicts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from ledger.chain.entry import Entry
    from ledger.chain.storage.sqlite import SqliteTransaction
    from ledger.custody.codes import Codes
    from ledger.custody.index.lookup import Lookup
    from ledger.custody.item_history import Line
    from ledger.custody.recorder import Recorder
    from ledger.custody.standing import Contradiction, Planned
    from ledger.custody.statement import Statement

Guard = Callable[["SqliteTransaction", int], None]


class Contradicted(CommandError):
    """What somebody wants to record cannot be, as the ledger shows."""

    def __init__(
        self, codes: Codes, planned: Planned, found: Contradiction, *, schema: str = "trace.record/1"
    ) -> None:
        what, why = codes.short(planned.uri), shorten(codes, found.message)
        told = {"item": planned.uri, "word": found.word, "seq": found.seq, "explanation": why}
        look = "" if found.seq is None else f"look at it: trace history {what}; "
        super().__init__(
            ExitCode.REFUSED,
            f"{what}: {why}",
            remedy=f"{look}where the ledger is wrong, record it all the same: --anyway REASON",
            answer={"schema": schema, "recorded": [], "contradicts": told},
        )
        self.found = found
        self.why = why


class DryRun(Exception):
    """Everything was judged, nothing contradicts, and nothing is to be recorded."""


def stop_after(guard: Guard) -> Guard:
    """Make a guard that lets nothing pass, when all is judged.

    The guard raises `DryRun`.
    """

    def stop(transaction: SqliteTransaction, first: int) -> None:
        guard(transaction, first)
        raise DryRun

    return stop


def plan(statement: Statement) -> list[Planned]:
    """List what a statement says of each thing, to be judged."""
    from ledger.custody.kinds.base import thing_uri
    from ledger.custody.standing import Planned

    uses_up = statement.kind == "TransformationEvent"
    return [
        Planned(
            thing_uri(thing.uri),
            thing.is_class,
            statement.step,
            statement.time,
            statement.place,
            statement.party,
            thing.quantity,
            thing.unit,
            uses_up=uses_up,
        )
        for thing in statement.things
    ]


def make_guard(codes: Codes, recorder: Recorder, planned: Sequence[Planned]) -> Guard:
    """Make the guard of a commit.

    The guard raises `Contradicted` for the first thing that cannot be.
    """

    def guard(transaction: SqliteTransaction, _first: int) -> None:
        for plan_of_one, found in contradictions(recorder, transaction, planned):
            raise Contradicted(codes, plan_of_one, found)

    return guard


def correction_guard(
    codes: Codes, recorder: Recorder, entry: Entry, corrective: Sequence[Mapping[str, Any]]
) -> Guard:
    """Make the guard of a correction: what stands in the place of an event is judged as if that had never been.

    What the old event contradicts as well is let through: a history that holds more mistakes than one can be
    mended one by one. The guard raises `Contradicted`.
    """
    from ledger.custody.standing import find_contradiction, plans_of

    def guard(transaction: SqliteTransaction, _first: int) -> None:
        lookup = lookup_under_lock(recorder, transaction)
        known: dict[str, list[Line]] = {}

        def judge(planned: Planned) -> Contradiction | None:
            if planned.uri not in known:
                lines = _history(lookup, planned.uri)
                known[planned.uri] = [line for line in lines if line.event.seq != entry.seq]
            return find_contradiction(planned, known[planned.uri])

        before = {(one.uri, found.word) for one in plans_of(entry.body) if (found := judge(one)) is not None}
        for planned in (one for body in corrective for one in plans_of(body)):
            found = judge(planned)
            if found is not None and (planned.uri, found.word) not in before:
                raise Contradicted(codes, planned, found, schema="trace.correct/1")

    return guard


def _history(lookup: Lookup, uri: str) -> Sequence[Line]:
    from ledger.custody.item_history import item_history

    return item_history(lookup, uri).lines


def contradictions(
    recorder: Recorder, view: SqliteTransaction, planned: Iterable[Planned]
) -> Iterable[tuple[Planned, Contradiction]]:
    """Hold what is planned against the ledger; every entry that is looked at is proven."""
    from ledger.custody.standing import find_contradiction

    for one, lines in histories(recorder, view, planned):
        if (lines or one.expiry is not None) and (found := find_contradiction(one, lines)) is not None:
            yield one, found


def histories(
    recorder: Recorder, view: SqliteTransaction, planned: Iterable[Planned]
) -> Iterable[tuple[Planned, Sequence[Line]]]:
    """Give what the ledger knows of each thing, proven; of a thing that no event names, nothing."""
    from ledger.custody.index.read import is_known

    lookup: Lookup | None = None
    for one in planned:
        # A fresh label is the usual case at a dock, and costs one look into the index.
        if not is_known(view.connection, one.uri):
            yield one, ()
            continue
        from ledger.custody.item_history import item_history

        lookup = lookup or lookup_under_lock(recorder, view)
        yield one, item_history(lookup, one.uri).lines


def lookup_under_lock(recorder: Recorder, view: SqliteTransaction) -> Lookup:
    """Ask the index as it is under the writer's lock; every entry that it names is proven."""
    from ledger.chain.policy import Policy
    from ledger.chain.reader import AuthenticReader
    from ledger.custody.index.lookup import Lookup

    reader = AuthenticReader(view, origin=recorder.log.origin, policy=Policy(recorder.log.verifiers))
    return Lookup(view, reader, probed=0)


def shorten(codes: Codes, message: str) -> str:
    """Write the identifiers in a sentence as people know them."""
    return " ".join(
        # No identifier is without a colon.
        codes.short(word.rstrip(",")) + "," * word.endswith(",") if ":" in word else word
        for word in message.split(" ")
    )
