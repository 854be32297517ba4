# SPDX-License-Identifier: Apache-2.0
"""The strict pass: is every entry in canonical form, and an entry at all?

Verification hashes bytes as they lie there, so it takes whatever a believed key has signed. A faulty or hostile
signer could sign bytes that two readers read differently (a key twice, white space, a number in another spelling).
This pass reads each entry strictly and writes it again; where other bytes come out, the signer is at fault.
"""

from __future__ import annotations

from collections.abc import Callable

from ledger.chain import canonical
from ledger.chain.entry import parse_entry
from ledger.chain.errors import BadJson
from ledger.chain.storage.base import View
from ledger.chain.verdict import MAX_FINDINGS, Finding, Verdict

CHECK = "form"


def judge_form(view: View, verdict: Verdict, progress: Callable[[int, int], None] | None = None) -> Verdict:
    """Add the check `form` to a verdict; it is `tampered` where an entry is not in canonical form.

    Args:
        view: A snapshot that holds at least the entries of the verdict.
        verdict: The outcome of `verify`.
        progress: Called now and then with (entries done, entries in all).
    """
    findings: list[Finding] = []
    for seq, data in view.entries(0, verdict.size):
        reason = _fault(data)
        if reason and len(findings) < MAX_FINDINGS:
            message = f"entry {seq} is signed, but not in canonical form: {reason}"
            findings.append(Finding(CHECK, CHECK, seq, message, "ask its signer which program wrote it"))
        if progress is not None and seq % 1000 == 0:
            progress(seq, verdict.size)
    checks = (*verdict.checks, (CHECK, not findings, verdict.size))
    if not findings:
        return verdict._replace(checks=checks)
    seqs = [found.seq for found in (*verdict.findings, *findings) if found.seq is not None]
    return verdict._replace(
        word="tampered" if verdict.word == "ok" else verdict.word,
        checks=checks,
        findings=(*verdict.findings, *findings),
        first_bad_seq=min(seqs),
    )


def _fault(data: bytes) -> str:
    try:
        parse_entry(data)
        # The payload is one level down in its entry.
        written = canonical.encode(
            canonical.parse(data, max_depth=canonical.MAX_DEPTH + 1), max_depth=canonical.MAX_DEPTH + 1
        )
    except BadJson as error:
        return str(error)
    return "" if written == data else "it would be written otherwise"
