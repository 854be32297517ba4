"""`trace import`: record what tables and EPCIS documents say."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.chain.counting import counted
from trace_cli import options

if TYPE_CHECKING:
    from ledger.custody.exchange.importer import Checked
    from ledger.custody.problems import Problem
    from ledger.custody.recorder import Recorder
    from trace_cli.context import Site

_SHOWN = 10
_WHY = {
    "no_such_event": "no event with that eventID is here",
    "not_allowed": "it is no copy of the event, or that was recorded here; to withdraw it: trace correct EVENT",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(import_files)


def import_files(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="CSV, TSV, EPCIS (XML, JSON), xlsx or Parquet.")
    ],
    column_map: Annotated[
        Path | None, typer.Option("--map", help="A map file: names of columns, zone, words.")
    ] = None,
    on_error: Annotated[
        str, typer.Option("--on-error", help="stop: record nothing; skip: record the rest.")
    ] = "stop",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check, show the first events, record nothing.")
    ] = False,
    by: options.By = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Record the events of tables, one row one event, and of EPCIS documents 1.2 and 2.0.

    The whole is checked before anything is recorded.

    Run it again after an interruption: what is recorded already is recognised and not doubled.

    \b
    Examples:
      trace import events.csv
      trace import events.csv.gz --map MAP.toml --dry-run
      trace import shipment.xml receipts.jsonld
      trace import events.csv --on-error skip --json
    """
    from ledger.custody.exchange.column_map import ColumnMap, load_map
    from ledger.custody.exchange.importer import check_files, first_events, record_checked
    from ledger.custody.identity import Identifier, site_secret
    from trace_cli.context import find_site
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.progress import Progress
    from trace_cli.reports.master import questioned

    if on_error not in ("stop", "skip"):
        raise CommandError(
            ExitCode.USAGE,
            f"--on-error is stop or skip, got {on_error!r}",
            remedy="trace import FILE --on-error skip",
        )
    begun = time.monotonic()
    site = find_site(ledger)
    columns = load_map(column_map) if column_map else ColumnMap()
    secret = site_secret(site.home, site.origin)
    with Progress("checking", quiet=as_json) as progress:
        checked = check_files(
            files,
            columns,
            site.codes,
            lambda: Identifier(site.privacy, secret),
            lambda what, count: progress.step(count, what=what),
        )
        with checked:
            stopped = bool(checked.problems) and (on_error == "stop" or not checked.count)
            if stopped or dry_run:
                shown = first_events(checked, 3) if dry_run else []
                answer = _answer(checked, None, begun)
                return _tell(site, checked, answer, shown, as_json=as_json, stopped=stopped, dry_run=dry_run)
            with site.recording() as recorder:
                outcome = record_checked(
                    checked,
                    recorder,
                    by=site.operator(by),
                    progress=lambda what, count: progress.step(count, checked.count, what=what),
                )
                master = _record_master(site, recorder, checked, by) if checked.master.elements else []
    not_made = _not_made(site, outcome.declared)
    answer = {
        **_answer(checked, outcome, begun),
        "master_recorded": len(master),
        "master_questioned": questioned(site, master),
        "withdrawals_not_made": not_made,
    }
    return _tell(site, checked, answer, [], as_json=as_json, stopped=False, dry_run=False)


def _record_master(site: Site, recorder: Recorder, checked: Checked, by: str | None) -> list[dict[str, Any]]:
    """Record the master data of the headers, as far as it is new; give the records."""
    from ledger.chain.entry import IMPORTED
    from ledger.custody.exchange.master_tables import read_element
    from trace_cli.reports.master import record_new

    done = record_new(site, recorder, map(read_element, checked.master.elements), by=by, via=IMPORTED)
    return [body for _, body in done]


def _not_made(site: Site, declared: Sequence[tuple[int, str]]) -> list[dict[str, Any]]:
    """List the error declarations that withdraw nothing: no such event is here, or they may not withdraw it."""
    from ledger.custody.identity import ident_of
    from ledger.custody.index.read import imported_withdrawals
    from ledger.custody.index.write import DISPUTED, NOT_HERE

    if not declared:
        return []
    idents = {event_id: ident_of(event_id, False) for _, event_id in declared}
    with site.reading() as (view, _):
        at = imported_withdrawals(view.connection, list(set(idents.values())))
    why = {NOT_HERE: "no_such_event", DISPUTED: "not_allowed"}
    found = ((seq, event_id, at.get(idents[event_id], NOT_HERE)) for seq, event_id in declared)
    return [
        {"seq": seq, "event_id": event_id, "why": why[known]} for seq, event_id, known in found if known in why
    ]


def _answer(checked: Checked, outcome: Any, begun: float) -> dict[str, Any]:
    return {
        "schema": "trace.import/1",
        "recorded": outcome.recorded if outcome else 0,
        "duplicates": outcome.duplicates if outcome else 0,
        "conflicts": [{"seq": seq, "event_id": name} for seq, name in outcome.conflicts] if outcome else [],
        "refused": [_refusal(problem) for problem in checked.problems],
        "refused_count": len(checked.problems) + checked.more_problems,
        "first_seq": outcome.first_seq if outcome else None,
        "last_seq": outcome.last_seq if outcome else None,
        "held": [{"seq": seq, "item": item} for seq, item in outcome.held] if outcome else [],
        "seconds": round(time.monotonic() - begun, 3),
    }


def _refusal(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line,
        "field": problem.field,
        "reason": problem.reason,
        "remedy": problem.remedy,
    }


def _tell(
    site: Site,
    checked: Checked,
    answer: dict[str, Any],
    shown: list[dict[str, Any]],
    *,
    as_json: bool,
    stopped: bool,
    dry_run: bool,
) -> int:
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import note, say, write_json
    from trace_cli.named_files import remedy_for_missing

    if dry_run:
        answer = {**answer, "dry_run": True, "would_record": checked.count, "first_events": shown}
        answer["missing"] = [_missing(event) for event in shown]
    code = ExitCode.REFUSED if stopped or answer["conflicts"] else ExitCode.OK
    if as_json:
        write_json(answer)
        return int(code)
    for problem in checked.problems[:_SHOWN]:
        where = problem.file + (f":{problem.line}" if problem.line else "")
        if problem.field:  # a JSON pointer and an XPath begin with a slash, the name of a column does not
            where += f" {problem.field}" if problem.field.startswith("/") else f" column {problem.field!r}"
        note(f"REFUSED  {where}: {problem.reason}")
        absent = not problem.line and not os.path.lexists(problem.file)
        if remedy := problem.remedy or (remedy_for_missing(Path(problem.file)) if absent else ""):
            note(f"           mend: {remedy}")
    refused = answer["refused_count"]
    if dry_run and stopped:
        _show_first(site, shown)
    if refused > _SHOWN:
        note(f"... and {refused - _SHOWN} more (--json lists them)")
    if stopped and not checked.count and not any(problem.line for problem in checked.problems):
        note("Nothing was recorded.")
        return int(code)
    if stopped:
        note(f"Nothing was recorded: {refused} of {refused + checked.count} rows or events are refused.")
        note("  mend: correct them" + (", or record the rest with --on-error skip" if checked.count else ""))
        return int(code)
    if dry_run:
        say(f"{counted(checked.count, 'event')} would be recorded or recognised, {refused:,} refused. The first:")
        _show_first(site, shown)
        return int(code)
    for found in answer["conflicts"][:_SHOWN]:
        note(f"CONFLICT  {found['event_id']}: entry {found['seq']} has this eventID and says otherwise; left out")
    if answer["conflicts"]:
        note("           mend: ask who made the file which is right: trace show ENTRY, trace correct ENTRY")
    for found in answer["withdrawals_not_made"][:_SHOWN]:
        note(f"warning: entry {found['seq']} withdraws nothing: {_WHY[found['why']]} ({found['event_id']})")
    if (more := len(answer["withdrawals_not_made"]) - _SHOWN) > 0:
        note(f"... and {more} more (--json lists them)")
    for found in answer["master_questioned"][:_SHOWN]:
        note(f"warning: master data of {site.codes.short(found['id'])}: {_asks(found)}")
    if (more := len(answer["master_questioned"]) - _SHOWN) > 0:
        note(f"... and {more} more (--json lists them)")
    for found in answer["held"][:_SHOWN]:
        note(f"warning: entry {found['seq']} is on {site.codes.short(found['item'])}, which is on hold")
    say(
        f"{counted(answer['recorded'], 'event')} recorded, {answer['duplicates']:,} known already, "
        f"{refused:,} refused"
        + (f" (entries {answer['first_seq']} to {answer['last_seq']})" if answer["recorded"] else "")
        + (f"; {counted(answer['master_recorded'], 'record')} of master data" if answer["master_recorded"] else "")
    )
    return int(code)


def _asks(found: dict[str, Any]) -> str:
    """Say what is to be asked about imported master data."""
    if found["why"] == "looks_like":
        return f"{found['there']!r} reads like {found['here']!r}, which was named here"
    return f"the file says the {found['field']} is {found['there']!r}; {found['here']!r} was said here, and counts"


def _show_first(site: Site, shown: list[dict[str, Any]]) -> None:
    """Show events that would be made, and what answers will miss in them."""
    from trace_cli.formats.answer import say

    for event in shown:
        fields = ", ".join(f"{key} {_brief(site, value)}" for key, value in event.items() if key != "eventID")
        say(f"  {fields}")
        if missing := _missing(event):
            say(f"    missing: {', '.join(missing)}")


def _missing(event: dict[str, Any]) -> list[str]:
    """Name the columns that would make an event more useful: where, and how much of a product or lot."""
    found = [] if "readPoint" in event or "bizLocation" in event else ["place"]
    amounts = [
        one
        for key in ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
        for one in event.get(key, ())
        if isinstance(one, dict)
    ]
    if any("quantity" not in one for one in amounts):
        found.append("quantity")
    if any("/10/" not in str(one.get("epcClass")) and "/lot/" not in str(one.get("epcClass")) for one in amounts):
        found.append("lot")
    return found


def _brief(site: Site, value: Any) -> str:
    if isinstance(value, str):
        return site.codes.short(value)
    if isinstance(value, list):
        return "[" + ", ".join(_brief(site, item) for item in value) + "]"
    if isinstance(value, dict):
        return "/".join(_brief(site, item) for item in value.values())
    return str(value)
