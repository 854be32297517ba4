"""What is said where a history does not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from ledger.chain.verdict import Verdict
    from trace_cli.context import Site


def refuse(site: Site, verdict: Verdict, schema: str, what: str = "nothing is predicted") -> NoReturn:
    """Give up where a history does not hold, and name its first bad entry.

    Raises:
        CommandError: Always.
    """
    from trace_cli.reports.verdict import verdict_answer

    answer = {**verdict_answer(verdict, seconds=0), "schema": schema, "verified": False}
    del answer["seconds"]
    raise CommandError(
        ExitCode.UNAVAILABLE if verdict.word == "corrupt" else ExitCode.NOT_VERIFIED,
        f"{what}: the history of {site.origin} {fault_of(verdict)}",
        remedy=f"trace verify {site.path}",
        answer=answer,
    )


def fault_of(verdict: Verdict) -> str:
    """Say what does not hold, the first bad entry first."""
    bad = verdict.first_bad_seq
    words = verdict.word.replace("_", " ")
    messages = [finding.message for finding in verdict.findings if finding.seq == bad or bad is None]
    where = "" if bad is None else f"; the first bad entry is {bad}"
    return f"does not hold ({words}{where})" + (f": {messages[0]}" if messages else "")
