"""`trace scan`: record codes as a scanner gives them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trace_cli import options
from trace_cli.completion import complete_steps, complete_things

if TYPE_CHECKING:
    from ledger.custody.recorder import Recorder
    from ledger.custody.statement import Statement
    from trace_cli.capture import Circumstances
    from trace_cli.context import Site
    from trace_cli.refusals import Guard

_READ = 65536
_MAX_CODE = 4096
_COOLDOWN = 2.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("scan")(scan)


def scan(
    codes: Annotated[
        list[str] | None,
        typer.Argument(metavar="CODE...", help="Codes, or - to read lines.", autocompletion=complete_things),
    ] = None,
    step: Annotated[
        str, typer.Option("--step", help="What happens: a CBV word or a URI.", autocompletion=complete_steps)
    ] = "",
    place: options.Place = None,
    container: Annotated[
        str | None,
        typer.Option("--container", help="Pack into, or unpack from, this.", autocompletion=complete_things),
    ] = None,
    source: options.Source = None,
    destination: options.Destination = None,
    party: options.Party = None,
    document: options.Document = None,
    disposition: options.Disposition = None,
    product: options.Product = None,
    lot: options.Lot = None,
    quantity: options.Quantity = None,
    unit: options.Unit = None,
    at: options.Time = None,
    anyway: options.Anyway = None,
    expect: Annotated[
        Path | None,
        typer.Option("--expect", help="Session: a packing list (CSV, JSON) or EPCIS (.xml) to scan against."),
    ] = None,
    sound: Annotated[str, typer.Option("--sound", help="Session: none, errors or all.")] = "errors",
    badge: Annotated[bool, typer.Option("--badge", help="Session: begin by asking who scans.")] = False,
    idle: Annotated[
        float | None, typer.Option("--idle", min=1, help="Session: ask who scans after so long [s].")
    ] = None,
    cooldown: Annotated[
        float, typer.Option("--cooldown", min=0, help="Session: so long a code again is the same scan [s].")
    ] = _COOLDOWN,
    stop_on_error: Annotated[
        bool, typer.Option("--stop-on-error", help="Session: after a refusal take nothing until it was seen.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--new", help="Session: do not go on with one that was cut off.")] = False,
    scanner: Annotated[
        Path | None, typer.Option("--scanner", help="Session: a profile of `trace scanner test`.")
    ] = None,
    by: options.By = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Record what a scanner gives: a session on the terminal, codes as arguments, or lines from standard input.

    Without codes a session begins: every scan is on disk before it is shown. Codes as arguments are recorded
    together or not at all. With - each line is recorded, durably, before the JSON line that says so; a refused
    line does not stop the others.

    \b
    Examples:
      trace scan --step receiving --place DOCK-3 --expect packing-list.csv
      trace scan 952132112345678902 --step receiving --place DOCK-3
      trace scan BASKET-0205 --step shipping --place DC-DALLAS --to STORE-WICHITA
      scanner-program | trace scan - --step receiving --place DOCK-3
    """
    from trace_cli.capture import Circumstances
    from trace_cli.context import find_site
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode

    if not step or (not codes and not sys.stdin.isatty()):
        what = "a code" if step else "a step"
        raise CommandError(
            ExitCode.USAGE, f"scan needs {what}", remedy="trace scan CODE --step receiving --place DOCK-3"
        )
    if codes:
        wanted = {
            "--expect": expect is not None,
            "--sound": sound != "errors",
            "--badge": badge,
            "--idle": idle is not None,
            "--cooldown": cooldown != _COOLDOWN,
            "--stop-on-error": stop_on_error,
            "--new": fresh,
            "--scanner": scanner is not None,
        }
        _refuse_session_options([name for name, given in wanted.items() if given], codes)
    said = Circumstances(
        step=step,
        place=place,
        at=at,
        source=source,
        destination=destination,
        party=party,
        document=document,
        disposition=disposition,
        container=container,
        product=product,
        lot=lot,
        quantity=quantity,
        unit=unit,
        anyway=anyway,
    )
    site = find_site(ledger)
    who = site.operator(by)
    if not codes:
        from trace_cli.dock.run import Wishes, run_session

        _check_said(site, said)
        if sound not in ("none", "errors", "all"):
            raise CommandError(ExitCode.USAGE, f"--sound is none, errors or all, got {sound!r}")
        wishes = Wishes(expect, sound, idle, cooldown, stop_on_error, fresh, as_json, scanner)  # type: ignore[arg-type]
        return run_session(site, said, "" if badge else who, wishes)
    if codes == ["-"]:
        _check_said(site, said)
    with site.recording() as recorder:
        if codes == ["-"]:
            return _scan_lines(site, recorder, said, who)
        return _scan_codes(site, recorder, said, codes, who, as_json=as_json)


def _refuse_session_options(names: list[str], codes: list[str]) -> None:
    """Refuse what only a session heeds: nobody is to believe that a list was looked at."""
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode

    if not names:
        return
    held = "trace receive CODE --place DOCK-3 --expect FILE"
    where = "with - as the code" if codes == ["-"] else "with codes as arguments"
    raise CommandError(
        ExitCode.USAGE,
        f"{', '.join(names)} is for a session, and {where} none begins; nothing was recorded",
        remedy=held if names == ["--expect"] else f"leave {' and '.join(names)} out, or leave the codes out",
    )


def _event(site: Site, said: Circumstances, text: str) -> tuple[Statement, dict[str, Any]]:
    from trace_cli.capture import make_event, make_statement, read_thing

    thing, more = read_thing(site.codes, text, said, scanned=True)
    statement = make_statement(site.codes, said, [thing], extensions=more)
    return statement, make_event(statement)


def _guard(site: Site, recorder: Recorder, said: Circumstances, statements: list[Statement]) -> Guard | None:
    from trace_cli.refusals import make_guard, plan

    if said.anyway:
        return None
    return make_guard(site.codes, recorder, [one for statement in statements for one in plan(statement)])


def _check_said(site: Site, said: Circumstances) -> None:
    """Refuse before the first line what would be wrong with every line."""
    from trace_cli.capture import make_statement, read_thing

    read_thing(site.codes, "CODE", said)
    make_statement(site.codes, said, [])


def _scan_codes(
    site: Site, recorder: Recorder, said: Circumstances, codes: list[str], by: str, *, as_json: bool
) -> int:
    from ledger.chain.errors import Refused
    from trace_cli.capture import record_events
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say

    made: list[tuple[Statement, dict[str, Any]]] = []
    for text in codes:
        try:
            made.append(_event(site, said, text))
        except Refused as error:
            answer = _line(os.fsencode(text), "refused", reason=str(error))
            raise CommandError(
                ExitCode.REFUSED, f"{text!r}: {error}", remedy=error.remedy, answer=answer
            ) from None
    guard = _guard(site, recorder, said, [statement for statement, _ in made])
    outcome = record_events(
        recorder, [event for _, event in made], by=by, via="scanned", guard=guard, refuse_held=guard is not None
    )
    for text, (statement, event), seq in zip(codes, made, outcome.seqs, strict=True):
        uri = statement.things[0].uri
        if as_json:
            found = _line(os.fsencode(text), "ok", uri=uri, seq=seq, event_id=event["eventID"])
            sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
        else:
            where = f" at {said.place}" if said.place else ""
            say(f"OK  {site.codes.short(uri)}  {said.step}{where}  entry {seq}")
    return int(ExitCode.OK)


def _scan_lines(site: Site, recorder: Recorder, said: Circumstances, by: str) -> int:
    from ledger.chain.errors import Refused
    from trace_cli.capture import record_events
    from trace_cli.exit_codes import ExitCode
    from trace_cli.refusals import Contradicted

    refused = 0
    for raw in _lines(sys.stdin.fileno()):
        try:
            if len(raw) > _MAX_CODE:
                raise Refused(f"a code has at most {_MAX_CODE} bytes, this line has more")
            statement, event = _event(site, said, raw.decode("utf-8"))
            guard = _guard(site, recorder, said, [statement])
            seq = record_events(
                recorder, [event], by=by, via="piped", guard=guard, refuse_held=guard is not None
            ).seqs[0]
            found = _line(raw, "ok", uri=statement.things[0].uri, seq=seq, event_id=event["eventID"])
        except (Refused, Contradicted, UnicodeDecodeError) as error:
            refused += 1
            found = _line(raw[:_MAX_CODE], "refused", reason=str(error))
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    return int(ExitCode.REFUSED if refused else ExitCode.OK)


def _lines(handle: int) -> Iterator[bytes]:
    """Cut standard input on CR and LF only; scanners send other control bytes as data. Empty lines are nothing."""
    held = b""
    while data := os.read(handle, _READ):
        *whole, held = (held + data).replace(b"\r", b"\n").split(b"\n")
        yield from (line for line in whole if line)
        held = held[: _MAX_CODE + 1]  # what is longer is refused, however long it gets
    if held:
        yield held


def _line(raw: bytes, status: str, **more: object) -> dict[str, Any]:
    from ledger.custody.gs1.scan import read_scan
    from trace_cli.commands.scanner import scan_line

    line = scan_line(read_scan(raw))
    if status == "ok" and line["uri"] != more.get("uri"):
        line.update(elements=[], readings=[])  # it was recorded as a code of one's own
    if not (status == "refused" and line["status"] == "ask"):
        line["status"] = status
        if status == "refused":
            line["uri"] = None
    return {**line, **more}
