"""`trace watch`: follow the ledger, and say at once what looks wrong, will be late, or will queue."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.chain.counting import counted
from trace_cli import options

if TYPE_CHECKING:
    from ledger.custody.codes import Codes
    from trace_cli.watching import Line, Told


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("watch")(watch)


def watch(
    interval: Annotated[float, typer.Option("--interval", min=0.05, help="How often to look [s].")] = 5.0,
    once: Annotated[
        bool, typer.Option("--once", help="Look once and leave; with --state, from time to time.")
    ] = False,
    since: Annotated[
        int | None, typer.Option("--since", min=0, help="Begin with what rests on entries from this number on.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option("--state", help="Remember in this file what was told, for the next run.")
    ] = None,
    alpha: Annotated[float, typer.Option("--alpha", help="Bound of the expected share of false alarms.")] = 0.01,
    late: Annotated[
        float, typer.Option("--late", min=0, max=1, help="Tell from this probability of late on.")
    ] = 0.8,
    queue: Annotated[
        float, typer.Option("--queue", min=0, max=1, help="Tell from this probability of a queue on.")
    ] = 0.5,
    period: Annotated[str, typer.Option("--period", help="How often everything is judged: D or W.")] = "D",
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Follow the ledger and print new alarms, late shipments and bottlenecks, a line each.

    New entries are verified before anything is shown; a history that no longer holds ends it with exit 3. A look
    costs what the new entries cost, once in a period the whole. Ctrl-C ends it.

    \b
    Examples:
      trace watch
      trace watch --json --interval 1 | alert-program
      trace watch --once --state watch.json
    """
    import os
    import select
    import signal

    from ledger.chain.errors import Untrue
    from trace_cli.context import find_site
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import note
    from trace_cli.prediction import telling
    from trace_cli.progress import Progress
    from trace_cli.reports.forecast import period_name
    from trace_cli.watching import Watcher, Wishes

    with telling():
        period_name(period)
    site = find_site(ledger)
    size, told = _load(state)
    begin = since if since is not None else size
    # A pipe, since a handler that sets an event can meet the lock that the wait for it holds.
    stopped, stop = os.pipe()
    before = signal.signal(signal.SIGTERM, lambda *_: os.write(stop, b"."))
    try:
        with Progress("verifying", quiet=as_json) as progress, telling():
            watcher = Watcher(site, Wishes(alpha, late, queue, period), told, progress=progress)
            _refuse_older(watcher.size, size, site.origin)
            lines = watcher.begin(watcher.size if begin is None else begin)
        if not as_json:
            note(
                f"watching {site.origin}: {counted(watcher.size, 'entry')} verified, "
                f"{counted(len(told.findings), 'finding')} known"
            )
        _tell(lines, site.codes, as_json=as_json)
        _save(state, watcher.size, told)
        while not once and not select.select([stopped], [], [], interval)[0]:
            try:
                with telling():
                    update, lines = watcher.look()
            except (CommandError, Untrue) as error:
                raise _ended(error) from None
            if update is None:
                continue
            _tell(lines, site.codes, as_json=as_json)
            _save(state, watcher.size, told)
    finally:
        signal.signal(signal.SIGTERM, before)
        os.close(stop)
        os.close(stopped)
    return int(ExitCode.OK)


def _ended(error: Exception) -> Exception:
    """Make the last line of a history that does not hold any more; other faults stay what they are."""
    from ledger.chain.errors import Untrue
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.watching import SCHEMA

    if isinstance(error, Untrue):
        answer = {"schema": SCHEMA, "type": "tampered", "first_bad_seq": error.seq}
        return CommandError(ExitCode.NOT_VERIFIED, error.message, remedy=error.remedy, answer=answer)
    if isinstance(error, CommandError) and error.code is ExitCode.NOT_VERIFIED:
        error.answer = {"schema": SCHEMA, **(error.answer or {}), "type": "tampered"}
    return error


def _refuse_older(size: int, seen: int | None, origin: str) -> None:
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.watching import SCHEMA

    if seen is not None and size < seen:
        raise CommandError(
            ExitCode.NOT_VERIFIED,
            f"the ledger of {origin} has {counted(size, 'entry')} and had {seen} when it was last "
            f"watched: rolled back",
            remedy="trace verify",
            answer={"schema": SCHEMA, "type": "tampered", "size": size, "seen": seen},
        )


def _tell(lines: list[Line], codes: Codes, *, as_json: bool) -> None:
    import sys

    from trace_cli.formats.answer import say, to_json

    for line in lines:
        if as_json:
            sys.stdout.write(to_json(line) + "\n")
        else:
            say(_sentence(line, codes))
    sys.stdout.flush()


def _sentence(line: Line, codes: Codes) -> str:
    if line["type"] == "alarm":
        entries = " ".join(map(str, line["seqs"]))
        return f"ALARM  {line['explanation']}  entries {entries}  finding {line['finding']}"
    if line["type"] == "late":
        to = codes.short(line["destination"]) if line["destination"] else "?"
        chance = f"{line['late_probability']:.0%}"
        what = f"{codes.short(line['item'])} to {to}, promised {line['promised']}"
        return f"LATE  {what}: {chance}  entry {line['seq']}"
    chance = f"{line['alarm_probability']:.0%}"
    return (
        f"BOTTLENECK  {codes.short(line['place'])} in the period from {line['period']}: {chance} likely to queue"
    )


def _load(path: Path | None) -> tuple[int | None, Told]:
    """Read what was told before; a file that is not there is the beginning."""
    from ledger.custody.exchange.plain_file import open_plain
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.watching import Told

    if path is None:
        return None, Told()
    try:
        with open_plain(path) as file:
            found: Any = json.loads(file.read())
        told = Told(*({str(one) for one in found[name]} for name in ("findings", "late", "queues")))
        return int(found["size"]), told
    except FileNotFoundError:
        return None, Told()
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise CommandError(
            ExitCode.REFUSED, f"{path} is no state of trace watch: {error}", remedy=f"rm {path}, to begin afresh"
        ) from None


def _save(path: Path | None, size: int, told: Told) -> None:
    from trace_cli.formats.answer import write_file

    if path is not None:
        lists = {"findings": sorted(told.findings), "late": sorted(told.late), "queues": sorted(told.queues)}
        write_file(path, json.dumps({"schema": "trace.watch.state/1", "size": size, **lists}) + "\n")
