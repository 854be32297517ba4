"""`trace check`: is this thing what its code says? Asked with the thing still in hand."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import typer

from trace_cli import options
from trace_cli.completion import complete_things

if TYPE_CHECKING:
    from io import BufferedReader

    from ledger.chain.errors import LedgerError
    from ledger.custody.authenticity import Judgement
    from ledger.custody.codes import Identified
    from ledger.custody.label import Label
    from ledger.custody.provenance.held import Hold
    from ledger.custody.recorder import Recorder
    from trace_cli.asking import Asking

SCHEMA: Final = "trace.check/1"
_AT_ONCE: Final = 65_536  # bytes of input
_LINES: Final = 500  # that are looked up together
_encode: Final = json.JSONEncoder(ensure_ascii=False).encode


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


def check(
    code: Annotated[
        str,
        typer.Argument(
            metavar="CODE", help="A code as scanned or typed, or - to read lines.", autocompletion=complete_things
        ),
    ],
    place: options.Place = None,
    at: options.Time = None,
    against: Annotated[
        Path | None, typer.Option("--against", help="CSV of what the sender declares: item, lot, expiry.")
    ] = None,
    log: Annotated[bool, typer.Option("--log", help="Record that it was asked, and the verdict.")] = False,
    by: options.By = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Say whether a code in hand fits its history; every entry that is used is proven first.

    Verdicts: consistent, unknown, mismatch (lot or expiry), elsewhere, gone, held, expired, cannot_tell. With -
    each line is answered by a line of JSON, with --log recorded first. A consistent code is no proof: a copy looks
    the same until both are seen.

    \b
    Examples:
      trace check 952132112345678902 --place DOCK-3
      trace check ']C1010952123400003710P26030-MIX' --against delivery.csv --log
      scanner-program | trace check - --place DOCK-3
    """
    from ledger.chain.errors import Refused
    from trace_cli.asking import asking
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.reports.entry import tell_index

    with asking(ledger) as found:
        checker = _Checker(found, place, at, against)
        if code == "-":
            _answer_lines(found, checker, by if log else None, log=log)
            tell_index(found.lookup)
            return int(ExitCode.OK)
        try:
            answer = checker.answer(code)
        except Refused as error:
            raise CommandError(
                ExitCode.REFUSED, f"{code!r}: {error.message}", remedy=error.remedy, answer={"schema": SCHEMA}
            ) from None
        tell_index(found.lookup)
    if log:
        answer["logged_seq"] = _log(found, answer, by)
    if as_json:
        _write(answer)
    else:
        from trace_cli.formats.answer import say

        say(f"{answer['verdict'].replace('_', ' ').upper()}  {found.site.codes.short(answer['item'])}")
        say(f"  {answer['explanation']}")
        if answer["seqs"]:
            say(f"  entries {' '.join(map(str, answer['seqs']))}: trace show {answer['seqs'][-1]}")
    return int(ExitCode.OK)


def _answer_lines(found: Asking, checker: _Checker, by: str | None, *, log: bool) -> None:
    """Answer line by line; with `log` each attempt is recorded before the line that answers it."""
    if not log:
        for lines in _lines_at_hand():
            sys.stdout.write("".join([_text(answer) for answer in checker.answer_lines(lines)]))
            sys.stdout.flush()
        return
    with found.site.recording() as recorder:
        for answer in (answer for lines in _lines_at_hand() for answer in checker.answer_lines(lines)):
            answer["logged_seq"] = _record(recorder, found, answer, by, "piped")
            _write(answer)
            sys.stdout.flush()


def _lines_at_hand() -> Iterator[list[bytes]]:
    """Give the lines that have come, as many as are there: whoever sends one and waits is answered at once."""
    rest = [b""]
    stream = cast("BufferedReader", sys.stdin.buffer)
    while data := stream.read1(_AT_ONCE):
        head, *lines = data.split(b"\n")
        rest.append(head)
        if lines:
            yield from _parts([b"".join(rest), *lines[:-1]])
            rest = [lines[-1]]
    yield from _parts([b"".join(rest)])


def _parts(lines: list[bytes]) -> Iterator[list[bytes]]:
    texts = [text for line in lines if (text := line.strip(b"\r\n"))]
    yield from (texts[at : at + _LINES] for at in range(0, len(texts), _LINES))


class _Checker:
    """Answers codes from one snapshot."""

    def __init__(self, found: Asking, place: str | None, at: str | None, against: Path | None) -> None:
        from ledger.custody.master import MasterData
        from ledger.custody.times import read_time
        from trace_cli.context import now

        self._codes = found.site.codes
        self._lookup = found.lookup
        self._master = MasterData(found.lookup)
        self._place = None if place is None else self._codes.place(place)
        self._moment: datetime = now() if at is None else read_time(at)
        self._past = at is not None
        self._declared = None if against is None else _read_declared(against, self._codes)
        self._file = against

    def answer(self, text: str) -> dict[str, Any]:
        """Answer one code.

        Raises:
            Refused: It cannot be read.
            Untrue: An entry that the answer needs does not hold.
        """
        return self._judge(text, *self._read(text))

    def _read(self, text: str) -> tuple[Label | None, Identified | Label]:
        label = self._codes.label(text, scanned=True)
        return label, label or self._codes.item(text)

    def _judge(self, text: str, label: Label | None, thing: Identified | Label) -> dict[str, Any]:
        from ledger.custody.authenticity import Asked, judge
        from ledger.custody.codes import product_of
        from ledger.custody.item_history import NotFoundError, item_history, resolve
        from trace_cli.refusals import shorten

        uri, lines = thing.uri, item_history(self._lookup, thing.uri).lines
        if not lines and label is None:
            try:
                uri = resolve(self._lookup, self._codes, text)  # as people type it: PRODUCT:LOT, the tail of a URI
                lines = item_history(self._lookup, uri).lines
            except NotFoundError:
                uri = thing.uri
        lot, expiry = (None, None) if label is None else (label.lot, label.expiry)
        product = product_of(uri) or next((line.event.product for line in lines if line.event.product), None)
        keeps = self._master.shelf_life(product)
        # A plain code does not tell whether it is a lot; events do, which count some of it.
        counted = any(m.of_class for line in lines for m in line.event.facts.mentions if m.uri == uri)
        asked = Asked(uri, thing.is_class or counted, self._moment, self._place, lot, expiry, keeps)
        hold = self._held.get(asked.uri) if lines else None
        judged = self._hold_against(asked.uri, lot, expiry) or judge(asked, lines, hold)
        return {
            "schema": SCHEMA,
            "code": text,
            "verdict": judged.verdict,
            "seqs": list(judged.seqs),
            "explanation": shorten(self._codes, judged.explanation),
            "item": uri,
        }

    @cached_property
    def _held(self) -> dict[str, Hold]:
        """List what is kept back now, with the lots and the contents that keep it back; none where it is past."""
        if self._past or not self._lookup.held_things():
            return {}
        from ledger.custody.provenance.held import held_things, standing_holds

        return held_things(self._lookup, standing_holds(self._lookup))

    def answer_lines(self, lines: list[bytes]) -> Iterator[dict[str, Any]]:
        """Answer lines that are there together, in their order; what cannot be read or proven is a verdict too."""
        from ledger.chain.errors import Refused, Untrue

        asked: list[tuple[str, tuple[Label | None, Identified | Label] | Refused]] = []
        for text in (line.decode("utf-8", "replace") for line in lines):
            try:
                asked.append((text, self._read(text)))
            except Refused as error:
                asked.append((text, error))
        self._lookup.read_ahead([read[1].uri for _, read in asked if not isinstance(read, Refused)])
        for text, read in asked:
            if isinstance(read, Refused):
                yield _untold(text, read)
                continue
            try:
                answer = self._judge(text, *read)
            except (Refused, Untrue) as error:
                answer = _untold(text, error)
            yield answer

    def _hold_against(self, uri: str, lot: str | None, expiry: object) -> Judgement | None:
        from ledger.custody.authenticity import Judgement

        if self._declared is None:
            return None
        if (row := self._declared.get(uri)) is None:
            return Judgement("unknown", (), f"{self._file} does not list it")
        stated = {"lot": lot, "expiry": None if expiry is None else str(expiry)}
        for name, value in stated.items():
            if value and row.get(name) and row[name] != value:
                return Judgement("mismatch", (), f"the label states {name} {value}, {self._file} {row[name]}")
        return None


def _read_declared(path: Path, codes: Any) -> dict[str, dict[str, str]]:
    from trace_cli.csv_file import read_csv_file

    rows = read_csv_file(path, ("item",))
    return {codes.item(row["item"]).uri: row for row in rows if row["item"]}


def _log(found: Asking, answer: dict[str, Any], by: str | None) -> int:
    """Record the attempt: what was asked and answered, and on what checkpoint."""
    with found.site.recording() as recorder:
        return _record(recorder, found, answer, by, "scanned")


def _record(recorder: Recorder, found: Asking, answer: dict[str, Any], by: str | None, via: str) -> int:
    told = {name: answer[name] for name in ("code", "item", "verdict", "seqs", "explanation")}
    body = {"command": "check", **told, "size": found.lookup.reader.size}
    return recorder.record_other("check", body, by=found.site.operator(by), via=via).first


def _untold(text: str, error: LedgerError) -> dict[str, Any]:
    told = {"schema": SCHEMA, "code": text, "verdict": "cannot_tell", "seqs": []}
    return {**told, "explanation": error.message, "item": None}


def _text(answer: dict[str, Any]) -> str:
    return _encode(answer) + os.linesep


def _write(answer: dict[str, Any]) -> None:
    sys.stdout.write(_text(answer))
