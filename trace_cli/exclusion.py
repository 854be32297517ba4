"""Leave suspect events out of a forecast: what raises an alarm, and what a case is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ledger.chain.counting import counted
from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from trace_cli.prediction import Prediction

ALPHA: Final = 0.01
MOST: Final = 100_000
# What an alarm may be about for its events to be in doubt: the queue of a site is no fraud.
_ABOUT: Final = frozenset({"item", "pair", "operator"})

Row = tuple[int, str]


@dataclass(frozen=True)
class Exclusion:
    """Rows of the events table that are left out, as (entry, item), and why: how many alarms and cases."""

    rows: frozenset[Row]
    alarms: int
    cases: int

    def answer(self) -> dict[str, Any]:
        """Say how many were left out."""
        seqs, items = {seq for seq, _ in self.rows}, {item for _, item in self.rows}
        return {
            "events": len(seqs),
            "items": len(items),
            "alarms": self.alarms,
            "cases": self.cases,
            "alpha": ALPHA,
        }

    def recorded(self) -> dict[str, Any]:
        """Write it for the decision, so that the same rows are left out when it is repeated."""
        return {**self.answer(), "alpha": str(ALPHA), "rows": [[seq, item] for seq, item in sorted(self.rows)]}

    def sentence(self) -> str:
        """Say it to people."""
        found = self.answer()
        plural = {
            name: f"{found[name]} {name if found[name] != 1 else name[:-1]}" for name in found if name != "alpha"
        }
        return (
            f"Left out: {plural['events']} on {plural['items']}, for {plural['alarms']} (alpha {ALPHA}) "
            f"and {plural['cases']} that stand."
        )


def find_suspect(prediction: Prediction, moment: int | None) -> Exclusion:
    """Find the events that raise alarms, less what was dismissed, with all on the things of standing cases.

    Args:
        prediction: The history.
        moment: The as-of time that was asked for [us since the epoch]; None: none was.

    Raises:
        CommandError: More than `MOST` rows are suspect: that is no exception any more.
    """
    from ledger.custody.cases import judged_findings, standing_cases
    from trace_cli.anomaly_run import Search, search
    from trace_cli.cases import known_cases

    cases = known_cases(prediction, moment).values()
    dismissed, confirmed = judged_findings(cases)
    events, found = search(prediction, Search(ALPHA, [], [], dismissed, confirmed))
    alarms = [row for row in found.to_dict("records") if row["about"] in _ABOUT]
    named = {(int(seq), row["item"]) for row in alarms if row["about"] == "item" for seq in row["seqs"]}
    whole = {int(seq) for row in alarms if row["about"] != "item" for seq in row["seqs"]}
    standing = standing_cases(cases)
    things = {case.item for case in standing}
    seqs, items, lots = events["seq"].tolist(), events["item"].tolist(), events["lot"].tolist()
    rows = frozenset(
        (seq, item)
        for seq, item, lot in zip(seqs, items, lots, strict=True)
        if isinstance(item, str) and ((seq, item) in named or seq in whole or item in things or lot in things)
    )
    if len(rows) > MOST:
        raise CommandError(
            ExitCode.REFUSED,
            f"{counted(len(rows), 'event')} are suspect, more than the {MOST:,} that are left out of a forecast",
            remedy="look first: trace anomalies -o alarms.csv",
        )
    return Exclusion(rows, len(alarms), len(standing))


def refuse_elsewhere(*, of: str, own: bool) -> None:
    """Refuse to leave suspect events out where none are known.

    Raises:
        CommandError: Something else than demand of the ledger is forecast.
    """
    if of != "demand" or own:
        raise CommandError(
            ExitCode.USAGE,
            "--exclude-alarmed is for demand out of the ledger",
            remedy="trace forecast --exclude-alarmed",
        )
