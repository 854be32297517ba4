"""The answer of `verify` on a ledger: the verdict, how it was reached, and the evidence that it left."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from trace_cli.formats.answer import note, say
from trace_cli.reports.verdict import verdict_answer, write_verdict

if TYPE_CHECKING:
    from ledger.chain.quick import Quick
    from trace_cli.trust import Examined


def examined_answer(examined: Examined, evidence: Path | None, *, seconds: float) -> dict[str, Any]:
    """Build the JSON answer `trace.verify/1`."""
    answer = verdict_answer(examined.verdict, seconds=seconds)
    answer |= {"mode": "full", "evidence": str(evidence) if evidence else None}
    if (quick := examined.quick) is not None:
        if quick.full_because:
            answer["full_because"] = quick.full_because
        else:
            old = {"tiles": quick.old_tiles, "verified": quick.rolled, "days": quick.days}
            answer |= {"mode": "quick", "new": quick.new, "old": old}
    return answer


def write_examined(examined: Examined, evidence: Path | None, path: Path) -> None:
    """Tell people."""
    if examined.quick is not None and examined.quick.full_because:
        note(f"Everything is verified, because {examined.quick.full_because}.")
    write_verdict(examined.verdict, path)
    if examined.quick is not None and not examined.quick.full_because:
        say(_quick_line(examined.quick))
    if evidence is not None:
        say(f"Both signed checkpoints are kept as evidence: {evidence}")


def _quick_line(quick: Quick) -> str:
    old = f"{quick.rolled:,} of {quick.old_tiles:,} tiles of 256 old ones"
    line = f"Quick: {quick.new:,} new entries, and {old}."
    if quick.rolled == quick.old_tiles:
        return f"{line} That is all."
    return f"{line}\nRun daily, it sees each old tile once in {quick.days:,} days; `trace verify` sees all now."
