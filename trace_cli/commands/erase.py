"""`trace erase`: delete a private value for good; the log says that and why, and no hash changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from trace_cli import options

if TYPE_CHECKING:
    from ledger.chain.entry import Attachment, Entry
    from ledger.custody.erasure import PrivateField


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("erase")(erase)


def erase(
    event: Annotated[str, typer.Argument(help="The number of an entry, or an eventID.")],
    field: Annotated[str, typer.Option("--field", help="The private field: its name, or its dotted path.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays in the log, so name no person.")],
    by: options.By = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Delete the value of a private field, with its salt, so that nobody can find it again, nor try values.

    Only what was private when it was recorded can be erased: it stands in the log as a commitment, so no hash
    changes. Digests that decisions made of it go with it. Copies elsewhere (backups, receivers) are not reached.

    \b
    Examples:
      trace erase 17 --field contact --reason "asked by the person, request 2026-114"
      trace erase urn:uuid:5f0d... --field ilmd.note --reason "recorded by mistake"
    """
    from ledger.chain.erasure import KIND
    from ledger.custody.erasure import erasures, named_fields, told_elsewhere
    from ledger.custody.index.lookup import Lookup
    from trace_cli.context import find_site
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.reports.entry import find_entry

    if not reason.strip():
        raise CommandError(ExitCode.USAGE, "--reason must say why", remedy='--reason "asked by the person"')
    site = find_site(ledger)
    with site.proving() as (view, reader):
        seq = find_entry(view, reader, event)
        entry = reader.entry(seq)
        found = [] if entry.kind == KIND else named_fields(entry.body, field)
        if not found:
            raise _not_private(entry, field)
        lookup = Lookup(view, reader)
        values = {item.digest: value for item in found if (value := view.attachment(item.digest)) is not None}
        gone = {item.digest for item in found} - values.keys()
        before = [past.seq for past in erasures(lookup) if past.digests & gone] if gone else []
        also = [
            (one, item.path, value)
            for one, item in told_elsewhere(lookup, entry, [item.digest for item in found])
            if (value := view.attachment(item.digest)) is not None and item.digest not in values
        ]
        held = list((values | {value.digest: value for _, _, value in also}).values())
    _refuse_to_repeat(reason, held)
    with site.recording() as recorder:
        done = recorder.erase(seq, field, held, reason, by=site.operator(by)).first if held else None
        clean = recorder.log.scrub([value.salt for value in held])
    answer: dict[str, Any] = {
        "schema": "trace.erase/1",
        "seq": done,
        "entry": seq,
        "fields": [item.path for item in found],
        "erased": len(values),
        "also": [{"entry": one, "field": path} for one, path, _ in also],
        "erased_before": before,
        "clean": clean,
    }
    return _tell(answer, found, as_json=as_json)


def _tell(answer: dict[str, Any], found: list[PrivateField], *, as_json: bool) -> int:
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import note, say, write_json

    if as_json:
        write_json(answer)
    elif answer["seq"] is not None:
        names = ", ".join(item.path for item in found)
        say(f"OK  erased {names} of entry {answer['entry']}; entry {answer['seq']} says why. No hash has changed.")
    else:
        told = ", ".join(map(str, answer["erased_before"]))
        say(f"Nothing is left to erase in entry {answer['entry']}" + (f": see entry {told}." if told else "."))
    if not as_json and (entries := sorted({one["entry"] for one in answer["also"]})):
        told = ", ".join(map(str, entries[:10])) + (" ..." if len(entries) > 10 else "")
        say(f"  with it the digests that decisions made of it, which would let somebody try values: entry {told}")
    if not answer["clean"]:
        note("warning: another process still reads an older state, so the old bytes lie in the WAL until it ends")
        note("  mend: run the same command again then")
    return int(ExitCode.OK)


def _not_private(entry: Entry, field: str) -> Exception:
    from ledger.custody.erasure import policy_line, private_fields, stands_open
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode

    known = ", ".join(item.path for item in private_fields(entry.body)) if entry.kind != "erase" else ""
    private = f"private there: {known}" if known else "nothing in it is private"
    line = policy_line(field)
    if not stands_open(entry.body, field):
        message = f"entry {entry.seq} has no field {field!r}, so there is nothing to erase; {private}"
    else:
        message = (
            f"the field {field!r} of entry {entry.seq} was not private when it was recorded: it stands in the "
            f"signed bytes and cannot be erased without breaking the log; {private}"
        )
    remedy = (
        f"to make it private from now on, add to trace.toml: {line}" if line else "this field can never be private"
    )
    return CommandError(ExitCode.REFUSED, message, remedy=remedy)


def _refuse_to_repeat(reason: str, held: list[Attachment]) -> None:
    """Refuse a reason that says what is to be erased: it would stay in the log for ever."""
    import json

    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode

    def texts(value: object) -> list[str]:
        if isinstance(value, dict | list):
            inner = value.values() if isinstance(value, dict) else value
            return [text for item in inner for text in texts(item)]
        return [value] if isinstance(value, str) else []

    for item in held:
        if any(len(text) > 3 and text.lower() in reason.lower() for text in texts(json.loads(item.data))):
            raise CommandError(
                ExitCode.REFUSED, "the reason repeats the value, and would keep it in the log for ever"
            )
