"""What every predicting command does before and after it predicts.

Before: verify the whole history, and stop where it does not hold; cut it at the as-of time. After: record in the
ledger what was predicted from what, so that anybody can repeat it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ledger.chain.counting import counted
from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode
from trace_cli.not_verified import fault_of
from trace_cli.progress import Progress

if TYPE_CHECKING:
    from trace_cli.context import Site
    from trace_cli.known_history import KnownHistory

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_PERIOD_WORDS: Final = {
    "hour": "h", "hourly": "h", "day": "D", "daily": "D", "week": "W", "weekly": "W", "month": "M", "monthly": "M",
    "quarter": "Q", "quarterly": "Q", "year": "Y", "yearly": "Y", "d": "D", "w": "W", "m": "M", "q": "Q", "y": "Y",
}  # fmt: skip
FORMATS: Final = (".json", ".csv")
AHEAD_TOLD: Final = 100


@dataclass(frozen=True)
class Prediction:
    """A history that was judged, and the moment from which it is looked at [us since the epoch].

    `excluded` are rows of the events table, as (entry, item), that are not to be looked at; `left_out` the entries
    that are signed as events and are none, as far as the index lists them.
    """

    site: Site
    history: KnownHistory
    as_of: int
    excluded: frozenset[tuple[int, str]] = frozenset()
    left_out: tuple[int, ...] = ()

    @property
    def moment(self) -> datetime:
        """Give the as-of time."""
        from ledger.custody.times import from_micros

        return from_micros(self.as_of)

    @property
    def known_by(self) -> str:
        """Write the as-of time as people at the site read it."""
        return f"{self.site.time.minute(self.moment)} {self.site.time.name}"

    @property
    def is_late(self) -> bool:
        """Tell whether the as-of time is later than anything that is known."""
        return self.as_of > self.history.latest

    def events(self) -> Any:
        """Give the events table (DESIGN section 5) of what was known at the as-of time."""
        return self._events

    @cached_property
    def _events(self) -> Any:
        from forecasting.tables.excluded import without_rows
        from forecasting.tables.known import known_events

        events = known_events(self.history.recorded, as_of=self.as_of)
        return without_rows(events, self.excluded)

    def event_ids(self, seqs: Collection[int]) -> dict[int, str]:
        """Give the identifiers of events, by the numbers of their entries."""
        events = self._events
        rows = events[events["seq"].isin(list(seqs))]
        return dict(zip(map(int, rows["seq"]), map(str, rows["event_id"]), strict=True))

    def checkpoint(self) -> dict[str, Any]:
        """Name the checkpoint of the history."""
        head = self.history.head
        return {"origin": head.origin, "size": head.size, "root": head.root.hex()}

    def answer(self, schema: str) -> dict[str, Any]:
        """Begin the JSON answer with what all predictions say."""
        anchor = self.history.verdict.anchor
        return {
            "schema": schema,
            "verified": self.history.verified,
            "as_of": moment_text(self.moment),
            "checkpoint": self.checkpoint(),
            "anchor": {"kind": anchor.kind, "size": anchor.size, "root": anchor.root.hex()},
            "left_out": list(self.left_out),
            "ahead": self.history.ahead[:AHEAD_TOLD],
            "imported": self.history.imported,
        }


def read_as_of(text: str | None) -> int | None:
    """Read `--as-of` [us since the epoch]; a bare date is 00:00 UTC of it.

    Raises:
        CommandError: It is no time.
    """
    from ledger.chain.errors import Refused
    from ledger.custody.times import micros, read_time

    if text is None:
        return None
    try:
        return micros(read_time(f"{text}T00:00Z" if _DATE.fullmatch(text) else text))
    except Refused as error:
        raise CommandError(
            ExitCode.USAGE,
            f"--as-of: {error.message}",
            remedy="write it as 2026-03-01 or 2026-03-01T08:15:00+01:00",
        ) from None


def check_period(text: str) -> None:
    """Refuse what is no period, before the work begins.

    Raises:
        CommandError: It is none.
    """
    from forecasting.errors import BadArgument
    from forecasting.frequency import read_period

    try:
        read_period(text)
    except BadArgument:
        meant = _PERIOD_WORDS.get(text.lower().removesuffix("s"))
        raise CommandError(
            ExitCode.USAGE,
            f"--period: expected h (hour), D (day), W (week), M (month), Q (quarter) or Y (year), got {text!r}",
            remedy=f"--period {meant or 'W'}",
        ) from None


def check_output(path: Path | None, formats: Sequence[str] = FORMATS) -> None:
    """Refuse, before the work begins, a file whose suffix does not say how to write it, or that has no folder.

    Raises:
        CommandError: The suffix is none of `formats`, or there is no such folder.
    """
    if path is None:
        return
    if path.suffix.lower() not in formats:
        raise CommandError(
            ExitCode.USAGE,
            f"--output {path}: expected a file that ends in {', '.join(formats[:-1])} or {formats[-1]}",
            remedy=f"-o {path.with_suffix('.csv')}" if path.name else "",
        )
    if not path.parent.is_dir():
        raise CommandError(
            ExitCode.USAGE, f"--output {path}: there is no folder {path.parent}", remedy=f"mkdir -p {path.parent}"
        )


def open_prediction(
    site: Site, as_of: int | None, *, schema: str, unverified: bool, progress: Progress, full: bool = False
) -> Prediction:
    """Verify the history and read it.

    Args:
        site: Whose history.
        as_of: The moment [us since the epoch]; None: the latest time at which anything became known.
        schema: Of the JSON answer.
        unverified: Go on where the history does not hold.
        progress: Told how far verifying is.
        full: Verify and read everything again, whatever was kept from earlier answers.

    Raises:
        CommandError: The history does not hold, or holds nothing.
    """
    from ledger.custody.times import from_micros
    from trace_cli.formats.answer import note
    from trace_cli.known_history import read_history
    from trace_cli.reports.entry import tell_left_out

    history = read_history(site, schema=schema, unverified=unverified, full=full, progress=progress)
    if not len(history.recorded):
        raise CommandError(
            ExitCode.NOT_FOUND,
            f"the ledger of {site.origin} holds no events, so there is nothing to predict from",
            remedy="trace import FILE, or trace scan CODE --step receiving --place PLACE",
        )
    left = _left_out(site) if history.verified else ()
    tell_left_out(left)
    if ahead := history.ahead:
        note(
            f"warning: {len(ahead):,} events are dated after the newest entry of the ledger; no answer counts them"
        )
        note(f"  look at them: trace show {ahead[0]}")
    prediction = Prediction(site, history, history.latest if as_of is None else as_of, left_out=left)
    if (first := history.earliest) > prediction.as_of:
        raise CommandError(
            ExitCode.NOT_FOUND,
            f"nothing was known yet on {prediction.moment:%Y-%m-%d %H:%M} UTC",
            remedy=f"choose an --as-of from {from_micros(first):%Y-%m-%d} on",
        )
    return prediction


def _left_out(site: Site) -> tuple[int, ...]:
    """List the entries that are signed as events and are none, as far as the index lists them."""
    from ledger.custody.index.lookup import Lookup

    with site.proving() as (view, reader):
        return Lookup(view, reader, probed=0).left_out


def warning_line(prediction: Prediction) -> str | None:
    """Give the line with which everything begins that rests on a history that does not hold."""
    if prediction.history.verified:
        return None
    return f"UNVERIFIED: this history {fault_of(prediction.history.verdict)}"


def basis_line(prediction: Prediction) -> str:
    """Say what the numbers rest on."""
    history = prediction.history
    if not history.verified:
        return f"History: {counted(history.head.size, 'entry')}, NOT verified."
    anchor, root = history.verdict.anchor.kind, history.head.root.hex()[:12]
    events, imported = len(history.recorded), history.imported
    # What others say is signed by nobody but whoever imported it.
    said = f" {imported:,} of {events:,} events are from files of others." if 0 < imported < events else ""
    size = counted(history.head.size, "entry")
    return f"History: {size}, verified (anchor: {anchor}), root {root}...{said}"


@contextmanager
def telling(*, more: str = "") -> Iterator[None]:
    """Turn the faults of forecasting into exit codes.

    Bad options are 2, too little history 4, a bad history and a model that nobody registered 5.

    Args:
        more: what to paste where there is too little history.
    """
    from forecasting.errors import BadArgument, BadTable, NotEnoughHistory, UnregisteredModel

    try:
        yield
    except BadArgument as error:
        raise CommandError(ExitCode.USAGE, str(error), remedy="see --help") from None
    except NotEnoughHistory as error:
        raise CommandError(ExitCode.NOT_FOUND, str(error), remedy=more) from None
    except (BadTable, UnregisteredModel) as error:
        raise CommandError(ExitCode.REFUSED, str(error)) from None


def record_decision(
    prediction: Prediction, describe: Callable[[], Mapping[str, Any]], *, wanted: bool
) -> int | None:
    """Record what was predicted from what.

    A prediction is worth having also where it cannot be recorded; that is said on stderr.

    Args:
        prediction: What it rests on.
        describe: Makes the body of the entry; called only where one is recorded.
        wanted: Whether to record it.

    Returns:
        The number of the entry; None: nothing was recorded.
    """
    from ledger.chain.errors import KeyUnavailable, Unavailable
    from ledger.custody.sealed_results import seal_result
    from trace_cli.formats.answer import note

    if not wanted:
        return None
    if not prediction.history.verified:
        note("not recorded: the history is not verified")
        return None
    site = prediction.site
    try:
        with site.recording() as recorder:
            body, kept = seal_result(describe(), site.privacy)
            appended = recorder.record_other(
                "decision", body, by=site.operator(None), via="typed", attachments=kept
            )
    except (KeyUnavailable, Unavailable) as error:
        note(f"not recorded: {error.message}")
        return None
    return appended.first


def tell_recorded(seq: int | None) -> None:
    """End the answer for people with where it is recorded, if it is."""
    from trace_cli.formats.answer import say

    if seq is not None:
        say(f"\nRecorded as decision {seq}: trace decision show {seq}")


def number(value: float | None) -> float | None:
    """Give a number as JSON can hold it: what is not known is null."""
    return None if value is None or not math.isfinite(value) else float(value)


def moment_text(moment: datetime) -> str:
    """Write a UTC moment with every digit that it has."""
    return moment.isoformat().replace("+00:00", "Z")
