"""`trace suspect`, `confirm`, `dismiss`: what looks wrong is held, followed, and decided with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ledger.chain.counting import counted
from trace_cli import options
from trace_cli.completion import complete_things

if TYPE_CHECKING:
    from trace_cli.asking import Asking
    from trace_cli.cases import Closed, Evidence
    from trace_cli.context import Site

SUSPECT: Final = "trace.suspect/1"
CONFIRM: Final = "trace.confirm/1"
DISMISS: Final = "trace.dismiss/1"
# 21 U.S.C. 360eee-1 (DSCSA): who determines that a product is illegitimate tells within 24 hours.
_HOURS: Final = 24

Number = Annotated[int, typer.Argument(metavar="CASE", min=0, help="Number of the case: trace case list.")]
Why = Annotated[str, typer.Option("--reason", help="Why; it stays in the log for ever, so name no person.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("suspect")(suspect)
    app.command("confirm")(confirm)
    app.command("dismiss")(dismiss)


def suspect(
    code: Annotated[
        str,
        typer.Argument(
            metavar="CODE", help="An item or a lot, as scanned or typed.", autocompletion=complete_things
        ),
    ],
    reason: Why,
    finding: Annotated[
        list[str] | None,
        typer.Option("--finding", help="Id of an alarm of trace anomalies, looked up; may be repeated."),
    ] = None,
    by: options.By = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Open a case about a thing: hold it, and bundle what is known of it.

    The hold and the case are signed in one commit. The bundle lies in cases/ beside the ledger; its SHA-256 stands
    in the case, and trace verify checks it anywhere. Private values stay out of it; trace passport hands them on.
    A thing that no event names can be suspect, too.

    \b
    Examples:
      trace suspect BASKET-0205 --reason "seal broken, print blurred"
      trace suspect BASKET-0205 --finding replay:0123456789abcdef0123456789abcdef --reason "seen twice"
    """
    from trace_cli.asking import asking
    from trace_cli.cases import gather_case_evidence, open_case
    from trace_cli.evidence import keep_checkpoint
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import note, say, write_json
    from trace_cli.reports.entry import tell_index

    check_reason(reason)
    findings = _read_findings(finding or [])
    with asking(ledger) as found:
        site = found.site
        uri = _find(found, code)
        evidence = gather_case_evidence(found, uri)
        looked_up = _look_up(found, uri, findings, evidence)
        signed, size = found.lookup.reader.signed, found.lookup.reader.size
        tell_index(found.lookup)
    keep_checkpoint(site, signed)
    number, hold = open_case(
        site, uri, code=code, reason=reason, findings=findings, evidence=evidence, size=size, by=by, via="typed"
    )
    answer: dict[str, Any] = {
        "schema": SUSPECT,
        "case": number,
        "item": uri,
        "hold": hold,
        "findings": findings,
        "looked_up": [{"finding": name, "seqs": seqs} for name, seqs in looked_up],
        "evidence": None if evidence is None else {"file": str(evidence.file), "sha256": evidence.digest},
        "events": [] if evidence is None else list(evidence.events),
    }
    if as_json:
        write_json(answer)
        return int(ExitCode.OK)
    say(f"CASE {number}  {site.codes.short(uri)}")
    say(f"  on hold since entry {hold}" if hold is not None else "  it was on hold already")
    if evidence is None:
        say("  no event names it, so there is no history to bundle")
    else:
        say(
            f"  evidence: {evidence.file} ({counted(len(evidence.events), 'event')}): trace verify {evidence.file}"
        )
    for name, seqs in looked_up:
        if seqs is None:
            note(f"warning: {name} does not follow from the entries of {site.codes.short(uri)} alone:")
            note("  it is about something else, or names others, too; look: trace anomalies --alpha 1 --top 100")
        else:
            say(f"  {name} names entries {', '.join(map(str, seqs))}")
    say(f'Decide: trace confirm {number} --reason "..."  or  trace dismiss {number} --reason "..."')
    return int(ExitCode.OK)


def confirm(
    number: Number,
    reason: Why,
    by: options.By = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Close a case: it is what it was suspected to be. The thing stays on hold.

    \b
    Example:
      trace confirm 57 --reason "the maker never made this serial number"
    """
    from datetime import timedelta

    from trace_cli.context import now

    site, closed = _close(number, "confirmed", reason, by, ledger)
    until = now() + timedelta(hours=_HOURS)
    what = site.codes.short(closed.case.item)
    steps = [
        f"keep {what} apart from what may be sold, and let nobody pass it on: it stays on hold",
        f"tell those you traded it with, for medicines in the USA also the FDA (Form FDA 3911), by "
        f"{until:%Y-%m-%d %H:%M} UTC: {_HOURS} hours after this decision (DSCSA, 21 U.S.C. 360eee-1)",
        f"send them the evidence: trace case show {number} -o case-{number}.html",
        f"find what it came with: trace back {what}; trace forward {what}",
    ]
    hold = closed.hold if closed.hold is not None else closed.case.hold
    answer = {**_answer(CONFIRM, closed, "confirmed", reason), "hold": hold, "next": steps}
    text = [f"CONFIRMED  case {number}  {what}", "Now:", *(f"  - {step}" for step in steps)]
    return _tell(answer, text, as_json=as_json)


def dismiss(
    number: Number,
    reason: Why,
    by: options.By = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Close a case: there is nothing in it. What it held is released, and its findings stay dismissed.

    The thing stays on hold where something else holds it: another case, a recall, a hold of somebody.

    \b
    Example:
      trace dismiss 57 --reason "the second scan was a test of the new scanner"
    """
    site, closed = _close(number, "dismissed", reason, by, ledger)
    what = site.codes.short(closed.case.item)
    told = f"released by entry {closed.release}" if closed.release is not None else f"not released: {closed.kept}"
    answer = {**_answer(DISMISS, closed, "dismissed", reason), "release": closed.release, "kept": closed.kept}
    return _tell(answer, [f"DISMISSED  case {number}  {what}", f"  {told}"], as_json=as_json)


def check_reason(reason: str) -> None:
    """Refuse a reason that says nothing, or is no line of text.

    Raises:
        CommandError: It is empty, too long, or holds control characters.
    """
    from ledger.custody.cases import REASON_LIMIT
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode

    if not reason.strip() or len(reason) > REASON_LIMIT or not reason.isprintable():
        raise CommandError(
            ExitCode.REFUSED,
            f"a reason is one line of 1 to {REASON_LIMIT} printable characters, got {reason[:60]!r}",
        )


def _read_findings(texts: list[str]) -> list[str]:
    from ledger.custody.cases import is_finding
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode

    for text in texts:
        if not is_finding(text):
            raise CommandError(
                ExitCode.USAGE,
                f"--finding reads RULE:32 hex digits, got {text!r}",
                remedy="trace anomalies --json",
            )
    return list(dict.fromkeys(texts))


def _look_up(
    found: Asking, uri: str, findings: list[str], evidence: Evidence | None
) -> list[tuple[str, list[int] | None]]:
    """Find the entries that findings name; None: they do not follow from what is known of the thing alone."""
    if not findings:
        return []
    from forecasting.detectors.finding import entries_of_finding
    from ledger.chain.hashing import leaf_hash

    reader = found.lookup.reader
    leaves = {seq: leaf_hash(reader.proven_bytes(seq)) for seq in (evidence.events if evidence else ())}
    named = ((name, entries_of_finding(name, uri, leaves)) for name in findings)
    return [(name, None if seqs is None else list(seqs)) for name, seqs in named]


def _find(found: Asking, code: str) -> str:
    """Find the thing that is meant; one that nobody named before is what its code says."""
    from ledger.custody.item_history import NotFoundError, resolve

    if (label := found.site.codes.label(code, scanned=True)) is not None:
        return label.uri
    try:
        return resolve(found.lookup, found.site.codes, code)
    except NotFoundError:
        return found.site.codes.item(code).uri


def _close(number: int, state: str, reason: str, by: str | None, ledger: Any) -> tuple[Site, Closed]:
    from trace_cli.cases import close_case
    from trace_cli.context import find_site

    check_reason(reason)
    site = find_site(ledger)
    return site, close_case(site, number, state, reason=reason, by=by)


def _answer(schema: str, closed: Closed, state: str, reason: str) -> dict[str, Any]:
    told = {"case": closed.case.seq, "item": closed.case.item, "state": state, "reason": reason, "seq": closed.seq}
    return {"schema": schema, **told, "findings": list(closed.case.findings)}


def _tell(answer: dict[str, Any], lines: list[str], *, as_json: bool) -> int:
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, write_json

    if as_json:
        write_json(answer)
    else:
        for line in lines:
            say(line)
    return int(ExitCode.OK)
