"""Cases: something is suspect, is held, and is then confirmed or dismissed; every step is a signed entry.

An entry of kind `case` opens one, and its number is the number of the case; a later one closes it. The first
that closes a case counts. What is opened and closed stands in the log for ever: who thinks otherwise afterwards
opens another case, and of several verdicts on one finding the latest counts.

Only entries that this site wrote itself are read. Nothing that is imported can be of this kind, so no partner
opens, confirms or dismisses a case here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from ledger.chain.entry import IMPORTED, Entry

KIND: Final = "case"
State = Literal["open", "confirmed", "dismissed"]
CLOSING: Final = frozenset({"confirmed", "dismissed"})
REASON_LIMIT: Final = 2000
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_FINDING: Final = re.compile(r"[a-z][a-z_]{0,63}:[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Closing:
    """How a case was closed: by which entry, when, by whom, why; `release` is the entry that freed its thing."""

    seq: int
    recorded: str
    by: str
    reason: str
    release: int | None


@dataclass(frozen=True, slots=True)
class Case:
    """A case, as the log tells it.

    `hold` is the entry that put the thing on hold (None: it was on hold already); `findings` are the ids of the
    alarms it is about; `evidence` is the SHA-256 of the bundle that was written when it was opened, in hex.
    """

    seq: int
    item: str
    code: str
    reason: str
    by: str
    opened: str
    hold: int | None
    findings: tuple[str, ...]
    evidence: str | None
    events: tuple[int, ...]
    state: State = "open"
    closing: Closing | None = None


def is_finding(text: object) -> bool:
    """Tell whether a text has the form of the id of a finding: `rule:32 hex digits`."""
    return type(text) is str and _FINDING.fullmatch(text) is not None


def opening_body(
    *,
    item: str,
    code: str,
    reason: str,
    hold: int | None,
    findings: Iterable[str],
    evidence: str | None,
    events: Iterable[int],
    size: int,
) -> dict[str, Any]:
    """Write what opens a case.

    Args:
        item: The thing.
        code: As it was typed or scanned.
        reason: Why it is suspect.
        hold: The entry that holds it.
        findings: The alarms.
        evidence: SHA-256 of the bundle, in hex.
        events: The entries in that.
        size: Of the log from which the evidence was taken.
    """
    found = {"findings": list(findings), "evidence": evidence, "events": list(events), "size": size}
    return {"state": "open", "item": item, "code": code, "reason": reason, "hold": hold, **found}


def closing_body(case: int, state: State, *, reason: str, release: int | None, hold: int | None) -> dict[str, Any]:
    """Write what closes a case: why, and the entry that released the thing or, where it was free, held it anew."""
    return {"state": state, "case": case, "reason": reason, "release": release, "hold": hold}


def read_cases(entries: Iterable[Entry]) -> dict[int, Case]:
    """Read the cases, in order of their numbers.

    Args:
        entries: Proven entries of the kind `KIND`, in order; what has another form is no case and closes none.
    """
    found: dict[int, Case] = {}
    for entry in entries:
        body = entry.body
        if entry.kind != KIND or entry.via == IMPORTED or not isinstance(body, Mapping):
            continue
        if body.get("state") == "open":
            if (case := _opened(entry, body)) is not None:
                found[case.seq] = case
        elif body.get("state") in CLOSING and type(body.get("case")) is int:
            case = found.get(body["case"])
            if case is not None and case.state == "open" and (closing := _closing(entry, body)) is not None:
                hold = _seq(body.get("hold"), entry.seq)
                found[case.seq] = replace(
                    case, state=body["state"], closing=closing, hold=case.hold if hold is None else hold
                )
    return found


def judged_findings(cases: Iterable[Case]) -> tuple[frozenset[str], frozenset[str]]:
    """Give the findings that were dismissed, and those that were confirmed; the latest verdict on each counts."""
    verdicts: dict[str, str] = {}
    closed = [(case.closing.seq, case) for case in cases if case.closing is not None]
    for _, case in sorted(closed, key=lambda pair: pair[0]):
        verdicts |= dict.fromkeys(case.findings, case.state)
    dismissed = frozenset(one for one, state in verdicts.items() if state == "dismissed")
    return dismissed, frozenset(verdicts) - dismissed


def standing_cases(cases: Iterable[Case]) -> list[Case]:
    """List the cases that speak against their things: open ones, and confirmed ones that nobody overruled.

    A confirmed case is overruled by another on the same thing that was opened after it was closed, and dismissed.
    """
    known = list(cases)
    overruling: dict[str, int] = {}
    for case in known:
        if case.state == "dismissed":
            overruling[case.item] = max(case.seq, overruling.get(case.item, 0))
    return [
        case
        for case in known
        if case.state == "open"
        or (case.state == "confirmed" and case.closing and overruling.get(case.item, 0) < case.closing.seq)
    ]


def _opened(entry: Entry, body: Mapping[str, Any]) -> Case | None:
    item, code, reason = (body.get(name) for name in ("item", "code", "reason"))
    if not (isinstance(item, str) and isinstance(code, str) and isinstance(reason, str)):
        return None
    findings = body.get("findings")
    evidence = body.get("evidence")
    events = body.get("events")
    return Case(
        seq=entry.seq,
        item=item,
        code=code,
        reason=reason,
        by=entry.by,
        opened=entry.rec,
        hold=_seq(body.get("hold"), entry.seq),
        findings=tuple(one for one in findings if is_finding(one)) if isinstance(findings, list) else (),
        evidence=evidence if isinstance(evidence, str) and _DIGEST.fullmatch(evidence) else None,
        events=tuple(one for one in events if type(one) is int) if isinstance(events, list) else (),
    )


def _closing(entry: Entry, body: Mapping[str, Any]) -> Closing | None:
    reason = body.get("reason")
    if not isinstance(reason, str):
        return None
    return Closing(entry.seq, entry.rec, entry.by, reason, _seq(body.get("release"), entry.seq))


def _seq(value: object, before: int) -> int | None:
    return value if type(value) is int and 0 <= value < before else None
