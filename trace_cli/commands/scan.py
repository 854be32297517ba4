"""`trace scan`: record codes as a scanner gives them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trace_cli import options

if TYPE_CHECKING:
    from ledger.custody.recorder import Recorder
    from trace_cli.capture import Circumstances
    from trace_cli.context import Site

_READ = 65536
_MAX_CODE = 4096


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("scan")(scan)


def scan(
    codes: Annotated[
        list[str] | None, typer.Argument(metavar="CODE...", help="Codes, or - to read lines.")
    ] = None,
    step: Annotated[str, typer.Option("--step", help="What happens: a CBV word or a URI.")] = "",
    place: options.Place = None,
    container: Annotated[str | None, typer.Option("--container", help="Pack into, or unpack from, this.")] = None,
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
    by: options.By = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Record what a scanner gives: codes as arguments, or one a line from standard input.

    Codes as arguments are recorded together or not at all. With - each line is recorded, durably, before the JSON
    line that says so; a refused line does not stop the others.

    \b
    Examples:
      trace scan 952132112345678902 --step receiving --place DOCK-3
      trace scan BASKET-0205 --step shipping --place DC-DALLAS --to STORE-WICHITA
      scanner-program | trace scan - --step receiving --place DOCK-3
    """
    from trace_cli.capture import Circumstances
    from trace_cli.context import find_site
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode

    if not codes or not step:
        what = "a code" if step else "a step"
        raise CommandError(
            ExitCode.USAGE, f"scan needs {what}", remedy="trace scan CODE --step receiving --place DOCK-3"
        )
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
    )
    site = find_site(ledger)
    who = site.operator(by)
    if codes == ["-"]:
        _check_said(site, said)
    with site.recording() as recorder:
        if codes == ["-"]:
            return _scan_lines(site, recorder, said, who)
        return _scan_codes(site, recorder, said, codes, who, as_json=as_json)


def _event(site: Site, said: Circumstances, text: str) -> tuple[str, dict[str, Any]]:
    from trace_cli.capture import make_event, make_statement, read_thing

    thing, more = read_thing(site.codes, text, said, scanned=True)
    return thing.uri, make_event(make_statement(site.codes, said, [thing], extensions=more))


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

    made: list[tuple[str, dict[str, Any]]] = []
    for text in codes:
        try:
            made.append(_event(site, said, text))
        except Refused as error:
            answer = _line(os.fsencode(text), "refused", reason=str(error))
            raise CommandError(
                ExitCode.REFUSED, f"{text!r}: {error}", remedy=error.remedy, answer=answer
            ) from None
    outcome = record_events(recorder, [event for _, event in made], by=by, via="scanned")
    for text, (uri, event), seq in zip(codes, made, outcome.seqs, strict=True):
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

    refused = 0
    for raw in _lines(sys.stdin.fileno()):
        try:
            if len(raw) > _MAX_CODE:
                raise Refused(f"a code has at most {_MAX_CODE} bytes, this line has more")
            uri, event = _event(site, said, raw.decode("utf-8"))
            seq = record_events(recorder, [event], by=by, via="piped").seqs[0]
            found = _line(raw, "ok", uri=uri, seq=seq, event_id=event["eventID"])
        except (Refused, UnicodeDecodeError) as error:
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
