"""The answer of `verify` on a bundle or a passport: no ledger is needed."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ledger.chain.counting import counted
from trace_cli.formats.answer import say

if TYPE_CHECKING:
    from ledger.chain.bundle import Bundle, BundleFault, CheckedBundle
    from ledger.custody.item_history import Line

_ASK_AGAIN: Final = "ask for the file again, from the ledger"
_RESTS: Final = {"self": "its own signature only", "pinned": "a head that this machine saw before"}


def bundle_kind(path: Path) -> str | None:
    """Tell by its first bytes whether a file is a `bundle` or a `passport`; None: it is neither."""
    from ledger.chain.bundle import HEADER
    from trace_cli.passport import START

    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return None
        with path.open("rb") as file:
            start = file.read(len(START))
    except OSError:
        return None
    if start.startswith(HEADER.encode() + b"\n"):
        return "bundle"
    return "passport" if start == START.encode() else None


def verify_bundle(path: Path, home: Path, *, what: str, key: str | None, policy: Path | None) -> dict[str, Any]:
    """Check a bundle or a passport under this machine's trust; give the answer `trace.verify/1`.

    Args:
        path: The file.
        home: Where trust lies.
        what: `bundle` or `passport`, as `bundle_kind` says.
        key: Believe this key instead, as given on the command line.
        policy: Believe the keys of this file instead.
    """
    from ledger.chain.bundle import MAX_BUNDLE, DamagedError, check_bundle, parse_bundle
    from ledger.chain.checkpoint import check_origin, parse_checkpoint
    from ledger.chain.errors import Refused
    from ledger.chain.pins import load_pin
    from ledger.chain.policy import Policy
    from trace_cli.passport import page_fault, read_evidence
    from trace_cli.trust import find_policy

    with path.open("rb") as file:
        data = file.read(2 * MAX_BUNDLE + 1)
    findings: list[dict[str, Any]] = []
    try:
        text = data.decode("utf-8")
        evidence = read_evidence(text) if what == "passport" else text
        try:
            bundle = parse_bundle(evidence)
        except DamagedError as error:
            findings.append(_finding("bundle", "tampered", None, error.message))
            bundle = error.bundle
        signed = parse_checkpoint(bundle.checkpoint)
        origin = check_origin(signed.head.origin)
    except (Refused, UnicodeDecodeError) as error:
        told = f"the file was changed or cut after it was written: {error}"
        return _answer("tampered", None, "none", [_finding(what, "tampered", None, told)], [])
    believed = find_policy(home, origin, key, policy)
    pin = load_pin(home, origin) if believed is not None and believed.source == "home" else None
    checked = check_bundle(bundle, believed or Policy(()))
    checks, faults, contradicted = _judge(checked)
    findings = [*faults, *findings]
    page = page_fault(text, evidence) if what == "passport" else None
    if what == "passport":
        checks.append({"name": "page", "passed": page is None, "count": 1})
    if believed is None:
        why = f"this machine has no trust policy for {origin}, so it believes no signature"
        findings.append(_finding("signature", "untrusted", None, why, f"trace verify {path} --key VKEY"))
    elif checked.untrusted:
        findings.append(
            _finding("signature", "untrusted", None, checked.untrusted, "ask its origin for the verifier key")
        )
    if page is not None:
        findings.append(_finding("page", page[0], None, page[1]))
    word = _worst(findings)
    kind = "none" if word != "ok" or believed is None else "self" if believed.source == "home" else "key"
    if word == "ok" and pin is not None and pin.head.size == signed.head.size:
        kind = "pinned"
        if pin.head.root != signed.head.root:
            why = f"the head of size {pin.head.size} contradicts the one that this machine saw"
            findings.append(_finding("pin", "forked", None, why, "keep the file and the pin: they are the proof"))
            word = "forked"
    return {
        **_answer(word, checked, kind, findings, checks),
        "key": str(checked.key or ""),
        "item": bundle.item,
        "contradicted": contradicted if word == "ok" else [],
    }


def _judge(
    checked: CheckedBundle,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    from ledger.custody.item_evidence import judge_item

    bundle = checked.bundle
    history, strangers = judge_item(checked)
    checks = [
        {"name": "signature", "passed": checked.key is not None, "count": 1},
        {"name": "inclusion", "passed": not checked.faults, "count": len(bundle.proofs)},
        {"name": "values", "passed": not checked.faults, "count": len(bundle.values)},
        {
            "name": "item",
            "passed": not strangers,
            "count": sum(entry.kind == "event" for entry in checked.entries),
        },
    ]
    told = [] if history is None else [_contradiction(line) for line in history.lines]
    faults = [_from_fault(bundle, fault) for fault in (*checked.faults, *strangers)]
    return checks, faults, [one for one in told if one is not None]


def _contradiction(line: Line) -> dict[str, Any] | None:
    """Say which declaration withdraws or disputes an event; None: none does, or it is one itself."""
    from trace_cli.reports.correction import correction

    if line.event.facts.withdraws or (line.declaration is None and line.disputed is None):
        return None
    withdrawn, disputed = correction(line.declaration), correction(line.disputed)
    return {"seq": line.event.seq, "withdrawn": withdrawn, "disputed": disputed}


def _from_fault(bundle: Bundle, fault: BundleFault) -> dict[str, Any]:
    where = "" if fault.position is None else f"entry {fault.position + 1} of {len(bundle.proofs)} in the file: "
    return _finding("bundle", "tampered", fault.seq, where + fault.message)


def _finding(check: str, kind: str, seq: int | None, message: str, remedy: str = _ASK_AGAIN) -> dict[str, Any]:
    return {"check": check, "kind": kind, "seq": seq, "message": message, "remedy": remedy}


def _worst(findings: list[dict[str, Any]]) -> str:
    kinds = {finding["kind"] for finding in findings}
    return next((word for word in ("tampered", "forked", "untrusted") if word in kinds), "ok")


def _answer(
    word: str,
    checked: CheckedBundle | None,
    anchor: str,
    findings: list[dict[str, Any]],
    checks: list[dict[str, Any]],
) -> dict[str, Any]:
    head = None if checked is None else checked.signed.head
    size, root = (None, None) if head is None else (head.size, head.root.hex())
    bad = [finding["seq"] for finding in findings if finding["seq"] is not None]
    return {
        "schema": "trace.verify/1",
        "verdict": word,
        "anchor": {"kind": anchor, "size": size, "root": root},
        "origin": None if head is None else head.origin,
        "size": size,
        "root": root,
        "first_bad_seq": min(bad, default=None),
        "checks": checks,
        "findings": findings,
        "events": [] if checked is None else [entry.seq for entry in checked.entries if entry.kind == "event"],
    }


def write_bundle_verdict(answer: dict[str, Any], path: Path) -> None:
    """Tell people."""
    if answer["verdict"] == "ok":
        count = len(answer["events"])
        say(f"OK  {counted(count, 'event')} of {answer['item']}, signed by {answer['origin']}")
        say(f"All are in the signed tree of {counted(answer['size'], 'entry')}, root {answer['root'][:12]}...")
        for one in answer["contradicted"]:
            how, by = ("withdrawn", one["withdrawn"]) if one["withdrawn"] else ("disputed", one["disputed"])
            why = f" ({by['reason']})" if by["reason"] else ""
            say(f"Entry {one['seq']} is {how} by entry {by['seq']}{why}.")
        rest = _RESTS.get(answer["anchor"]["kind"], "the key given on the command line")
        say(f"The verdict rests on {rest}.")
        say("It proves that these events were recorded so; not that they are all, nor that what they say is true.")
        return
    say(f"{answer['verdict'].upper()}  {path}")
    for finding in answer["findings"][:10]:
        say(f"  {finding['message']}")
        say(f"    mend: {finding['remedy']}")
    if len(answer["findings"]) > 10:
        say(f"  and {len(answer['findings']) - 10} more")
