"""Run a session on a terminal: from the first header to the summary, through every way in which it can end."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trace_cli.dock.screen import Screen, Sound
from trace_cli.dock.session import Outcome, Session
from trace_cli.dock.terminal import Ended, Terminal, open_terminal
from trace_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trace_cli.capture import Circumstances
    from trace_cli.context import Site
    from trace_cli.dock.journal import Journal
    from trace_cli.dock.profile import Profile


@dataclass(frozen=True)
class Wishes:
    """How a session is to be."""

    expect: Path | None = None
    sound: Sound = "errors"
    idle: float | None = None
    cooldown: float = 2.0
    stop_on_error: bool = False
    fresh: bool = False
    as_json: bool = False
    scanner: Path | None = None


def run_session(site: Site, said: Circumstances, by: str, wishes: Wishes) -> int:
    """Hold a session on the terminal at stdin.

    Raises:
        CommandError, LedgerError: It cannot begin.
    """
    from trace_cli.dock.book import Book, find_accepted
    from trace_cli.dock.declared import read_expected
    from trace_cli.dock.packing_list import PackingList
    from trace_cli.dock.profile import load_profile

    profile = load_profile(wishes.scanner)
    packing = read_expected(wishes.expect, site.codes) if wishes.expect else None
    screen = Screen(sound=wishes.sound, colour=False if wishes.as_json else None)
    if wishes.as_json:
        screen.gone = True
    with site.recording() as recorder:
        journal, went_on = _open(site, said, by, recorder.log.size, packing, wishes.expect, fresh=wishes.fresh)
        try:
            facts = journal.facts
            if packing is None and facts.get("expect_file"):
                packing = _declared_again(facts)
            if packing is None:
                packing = PackingList({uri: _decimal(n) for uri, n in facts.get("expect", {}).items()})
            accepted, undone = find_accepted(site, journal.name, facts["first_seq"]) if went_on else ([], 0)
            session = Session(
                Book(site, recorder, journal.name),
                journal,
                screen,
                said._replace(place=said.place or facts.get("place"), extensions=_naming(said, packing)),
                by,
                time.monotonic,
                profile,
                wishes.cooldown,
                wishes.stop_on_error,
                packing,
                accepted,
                undone,
                len(journal.tray),
                facts.get("again", 0),
            )
            return _hold(session, profile, wishes, went_on=went_on)
        finally:
            journal.close()


def _open(
    site: Site, said: Circumstances, by: str, size: int, packing: Any, wished: Any, *, fresh: bool
) -> tuple[Journal, bool]:
    """Go on with the session that was cut off here, or begin one."""
    from trace_cli.context import now
    from trace_cli.dock.journal import begin, find_open

    folder = site.settings.folder
    expect = {uri: str(n) for uri, n in packing.expected.items()} if packing else {}
    kept: Journal | None = None
    for journal in find_open(folder):
        facts = journal.facts
        same = facts.get("step") == said.step and said.place in (None, facts.get("place"))
        same = same and (not expect or facts.get("expect") == expect) and facts["first_seq"] <= size
        if kept is None and same and not fresh:
            kept = journal
            continue
        if same and fresh:
            journal.write(end="replaced")
        journal.close()
    if kept is not None:
        return kept, True
    more = (
        {"expect_file": str(wished.absolute()), "expect_digest": packing.digest} if _is_declared(packing) else {}
    )
    fresh_one = begin(
        folder, now(), first_seq=size, step=said.step, place=said.place, by=by, expect=expect, **more
    )
    return fresh_one, False


def _is_declared(packing: Any) -> bool:
    from trace_cli.dock.declared import DeclaredList

    return isinstance(packing, DeclaredList)


def _naming(said: Circumstances, packing: Any) -> Mapping[str, Any]:
    """Name in every event the document that the goods were held against."""
    from ledger.custody.statement import EXPECTED

    return {**said.extensions, EXPECTED: packing.digest} if _is_declared(packing) else said.extensions


def _declared_again(facts: dict[str, Any]) -> Any:
    """Read again the document of a session that was cut off.

    Raises:
        CommandError: It is not there any more, or is another one.
    """
    from trace_cli.dock.declared import read_declared_list
    from trace_cli.errors import CommandError

    path = Path(facts["expect_file"])
    packing = read_declared_list(path)
    if packing.digest != facts["expect_digest"]:
        raise CommandError(
            ExitCode.REFUSED,
            f"{path} was changed since the session that was cut off began",
            remedy="put it back, or begin afresh: --new",
        )
    return packing


def _hold(session: Session, profile: Profile, wishes: Wishes, *, went_on: bool) -> int:
    screen = session.screen
    screen.lines(session.header())
    if went_on:
        last = session.accepted[-1] if session.accepted else None
        tail = f"; the last: {session.book.site.codes.short(last.uri)}, entry {last.seq}" if last else ""
        screen.tell("NOTE", f"the session was cut off and goes on: {len(session.accepted)} recorded{tail}")
    with open_terminal(sys.stdin.fileno(), suffix=profile.suffix) as terminal:
        why = _listen(session, terminal, wishes)
        terminal.stop()
        late = terminal.rest()
    screen.end()
    if session.done:
        session.journal.write(end="done")
    for read in late:
        session.journal.refuse(read.raw, "it came after the end of the session; it was not recorded")
    screen.lines(session.summary())
    if session.done:
        return int(ExitCode.OK)
    if why.why == "closed" and not session.accepted and not session.refused:
        session.journal.write(end="nothing")
    else:
        screen.lines("-- it stays open: the same command goes on with it; to end it scan DONE, or type done")
    return int(ExitCode.INTERRUPTED)


def _listen(session: Session, terminal: Terminal, wishes: Wishes) -> Ended:
    screen = session.screen
    while True:
        screen.status(session.status(), terminal.pending)
        found = terminal.next(wishes.idle if session.by else None)
        if isinstance(found, Ended):
            if found.why != "idle":
                return found
            session.idle()
        elif found is not None:
            outcome = session.take(found)
            if wishes.as_json and outcome is not None:
                _write_line(outcome)
            if session.done:
                return Ended("closed")
        if screen.gone and not wishes.as_json:
            return Ended("closed")


def _write_line(outcome: Outcome) -> None:
    from ledger.custody.gs1.scan import Scan, read_scan
    from trace_cli.commands.scanner import scan_line

    scan = outcome.scan if isinstance(outcome.scan, Scan) else read_scan(outcome.raw)
    said = {"status": outcome.status, "uri": outcome.uri, "seq": outcome.seq, "reason": outcome.reason}
    if outcome.judged is not None:
        said |= {"verdict": outcome.judged.verdict, "explanation": outcome.judged.explanation}
    line = {**scan_line(scan), "raw_hex": outcome.raw.hex(), **said}
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _decimal(text: str) -> Any:
    from decimal import Decimal

    return Decimal(text)
