"""Open and close cases: each step is judged under the writer's lock, and one commit with its hold or release."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from ledger.chain.storage.sqlite import SqliteTransaction
    from ledger.custody.cases import Case
    from ledger.custody.index.lookup import Lookup
    from ledger.custody.recorder import Prepared, Recorder
    from trace_cli.asking import Asking
    from trace_cli.context import Site
    from trace_cli.prediction import Prediction

FOLDER: Final = "cases"


@dataclass(frozen=True)
class Evidence:
    """The bundle of what was known when a case was opened: its file, its SHA-256 in hex, its entries."""

    file: Path
    digest: str
    events: tuple[int, ...]


@dataclass(frozen=True)
class Closed:
    """How a case was closed: by which entry, and which entry released its thing, or held it anew.

    `kept` says why the thing was not released, where the case was dismissed.
    """

    case: Case
    seq: int
    release: int | None
    hold: int | None
    kept: str


def find_cases(lookup: Lookup, *, size: int | None = None, as_of: int | None = None) -> dict[int, Case]:
    """Read the cases of a ledger, each entry proven.

    Args:
        lookup: The index of a snapshot.
        size: Only of the first so many entries.
        as_of: Only what was recorded by then [us since the epoch].

    Raises:
        Untrue: One of them does not hold.
    """
    from ledger.custody.cases import KIND, read_cases
    from ledger.custody.times import micros, read_time

    entries = [entry for entry in lookup.entries_of_kind(KIND) if size is None or entry.seq < size]
    if as_of is not None:
        entries = [entry for entry in entries if micros(read_time(entry.rec)) <= as_of]
    return read_cases(entries)


def known_cases(prediction: Prediction, as_of: int | None) -> dict[int, Case]:
    """Read the cases that were known to a prediction; where its history does not hold, none is believed.

    Args:
        prediction: The history.
        as_of: Only what was recorded by then, as it was asked for [us since the epoch]; None: all of it.

    Raises:
        Untrue: The ledger was changed since it was verified.
    """
    if not prediction.history.verified:
        return {}
    with _lookup(prediction.site) as lookup:
        return find_cases(lookup, size=prediction.history.head.size, as_of=as_of)


@contextmanager
def _lookup(site: Site) -> Iterator[Lookup]:
    from ledger.custody.index.lookup import Lookup

    with site.proving() as (view, reader):
        yield Lookup(view, reader)


def refuse_hidden(site: Site) -> None:
    """Look in the log itself for cases and holds that the index leaves out, before anything is released.

    Under the writer's lock the index alone is asked, and it can be written by whoever can write the file.

    Raises:
        Untrue: It hides one.
    """
    from ledger.chain.errors import Untrue
    from ledger.custody.index.hold_probe import refuse_missing_hold

    with _lookup(site) as lookup:
        find_cases(lookup)
        if lookup.warning:
            raise Untrue(lookup.warning, remedy="trace index rebuild")
        refuse_missing_hold(lookup.view.connection, lookup.reader.size)


def gather_case_evidence(found: Asking, item: str) -> Evidence | None:
    """Write the bundle of a thing, as it is known now, beside the ledger; None: no event names it.

    Private values stay out of it: it lies where `trace erase` does not reach, and its digest is signed.

    Raises:
        CommandError: It cannot be written.
        Untrue: An entry does not hold.
    """
    from ledger.chain.bundle import write_bundle
    from ledger.custody.item_history import item_history
    from trace_cli.evidence import gather
    from trace_cli.formats.answer import write_file

    if not item_history(found.lookup, item).lines:
        return None
    bundle, history = gather(found.lookup, item, (), closed=True)
    text = write_bundle(bundle)
    digest = sha256(text.encode("utf-8")).hexdigest()
    folder = found.site.settings.folder / FOLDER
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise CommandError(ExitCode.FAILURE, f"{folder} cannot be made: {error.strerror}") from None
    file = evidence_file(found.site, digest)
    write_file(file, text)
    return Evidence(file, digest, tuple(line.event.seq for line in history.lines))


def evidence_file(site: Site, digest: str) -> Path:
    """Name the bundle with a SHA-256."""
    return site.settings.folder / FOLDER / f"{digest[:16]}.bundle"


def evidence_state(site: Site, case: Case) -> str:
    """Tell whether the bundle of a case is still the one that its entry names."""
    if case.evidence is None:
        return "none: no event named it"
    from ledger.custody.exchange.plain_file import open_plain

    try:
        with open_plain(evidence_file(site, case.evidence)) as file:
            data = file.read()
    except OSError:
        return "missing"
    return "unchanged" if sha256(data).hexdigest() == case.evidence else "changed"


def open_case(
    site: Site,
    uri: str,
    *,
    code: str,
    reason: str,
    findings: Sequence[str],
    evidence: Evidence | None,
    size: int,
    by: str | None,
    via: str,
) -> tuple[int, int | None]:
    """Hold a thing and open a case about it, in one commit.

    Returns:
        The number of the case, and the entry that put the thing on hold; None: it was on hold already.
    """
    from ledger.custody.cases import KIND, opening_body
    from ledger.custody.holds import UNAVAILABLE
    from ledger.custody.provenance.held import holding_events
    from trace_cli.refusals import lookup_under_lock

    who = site.operator(by)
    held: list[int | None] = []
    with site.recording() as recorder:

        def decide(transaction: SqliteTransaction, first: int) -> tuple[list[Prepared], dict[str, Any]]:
            standing = holding_events(lookup_under_lock(recorder, transaction), uri)
            events = [] if UNAVAILABLE in standing else [_hold(site, recorder, uri, reason, who, via)]
            held.append(first if events else None)
            body = opening_body(
                item=uri,
                code=code,
                reason=reason,
                hold=held[-1],
                findings=findings,
                evidence=evidence.digest if evidence else None,
                events=evidence.events if evidence else (),
                size=size,
            )
            return events, body

        appended = recorder.record_judged(KIND, decide, by=who, via=via)
    return appended.head.size - 1, held[-1]


def close_case(site: Site, number: int, state: str, *, reason: str, by: str | None) -> Closed:
    """Close a case, and release its thing or keep it held, in one commit.

    Raises:
        CommandError: There is no such case, or it is closed.
        Untrue: The index hides a case or a hold, so that goods could be freed that another one keeps back.
    """
    from ledger.custody.cases import KIND, closing_body
    from ledger.custody.holds import UNAVAILABLE
    from ledger.custody.provenance.held import holding_events
    from trace_cli.refusals import lookup_under_lock

    who = site.operator(by)
    refuse_hidden(site)
    done: list[Closed] = []
    with site.recording() as recorder:

        def decide(transaction: SqliteTransaction, first: int) -> tuple[list[Prepared], dict[str, Any]]:
            lookup = lookup_under_lock(recorder, transaction)
            cases = find_cases(lookup)
            case = _open_case(cases, number)
            standing = holding_events(lookup, case.item)
            release, hold, kept, events = None, None, "", []
            if state == "confirmed" and not standing:
                events, hold = [_hold(site, recorder, case.item, reason, who, "typed")], first
            elif state == "dismissed":
                kept = _why_kept(case, cases, standing)
                if not kept:
                    free = set(standing) == {UNAVAILABLE}
                    events, release = [_release(site, recorder, case, reason, who, free=free)], first
            done.append(Closed(case, first + len(events), release, hold, kept))
            return events, closing_body(number, state, reason=reason, release=release, hold=hold)  # type: ignore[arg-type]

        recorder.record_judged(KIND, decide, by=who, via="typed")
    return done[-1]


def _open_case(cases: dict[int, Case], number: int) -> Case:
    case = cases.get(number)
    if case is None:
        raise CommandError(ExitCode.NOT_FOUND, f"there is no case {number}", remedy="trace case list --all")
    if case.closing is not None:
        raise CommandError(
            ExitCode.REFUSED,
            f"case {number} was {case.state} by entry {case.closing.seq}, and stays so",
            remedy=f'to think again, open another: trace suspect {case.item} --reason "..."',
        )
    return case


def _why_kept(case: Case, cases: dict[int, Case], standing: dict[str, list[int]]) -> str:
    """Say why a thing stays on hold though its case is dismissed; empty: it is to be released."""
    from ledger.custody.cases import standing_cases
    from ledger.custody.holds import UNAVAILABLE

    about = [one for one in cases.values() if one.item == case.item]
    after = [replace(one, state="dismissed") if one is case else one for one in about]
    if others := standing_cases(after):
        return f"case {others[0].seq}, which is {others[0].state}, keeps it on hold"
    if UNAVAILABLE not in standing:
        return "it is not on hold" if not standing else "it is on hold for another reason"
    ours = {one.hold for one in about}
    if theirs := [seq for seq in standing[UNAVAILABLE] if seq not in ours]:
        return f"entry {theirs[0]}, which belongs to no case, keeps it on hold"
    return ""


def _hold(site: Site, recorder: Recorder, uri: str, reason: str, by: str, via: str) -> Prepared:
    from ledger.custody.holds import PERSISTENT, STEP, UNAVAILABLE

    return _event(site, recorder, uri, STEP, UNAVAILABLE, {PERSISTENT: {"set": [UNAVAILABLE]}}, reason, by, via)


def _release(site: Site, recorder: Recorder, case: Case, reason: str, by: str, *, free: bool) -> Prepared:
    from ledger.custody.holds import PERSISTENT, RELEASE_STEP, UNAVAILABLE

    lifted = {PERSISTENT: {"unset": [UNAVAILABLE]}}
    word = "available" if free else None
    return _event(site, recorder, case.item, RELEASE_STEP, word, lifted, reason, by, "typed")


def _event(
    site: Site,
    recorder: Recorder,
    uri: str,
    step: str,
    disposition: str | None,
    persistent: dict[str, Any],
    reason: str,
    by: str,
    via: str,
) -> Prepared:
    from ledger.custody.codes import is_class_uri
    from ledger.custody.statement import REASON, Thing
    from trace_cli.capture import Circumstances, make_event, make_statement

    said = Circumstances(step=step, disposition=disposition, extensions={**persistent, REASON: reason})
    statement = make_statement(site.codes, said, [Thing(uri, is_class_uri(uri))])
    return recorder.prepare(make_event(statement), by=by, via=via)
