"""Options that say what is known ahead: plans of regressors and calendars of holidays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode


def read_holidays(texts: Sequence[str] | None, freq: str) -> tuple[str, ...]:
    """Read `--holidays`: repeated, or with commas between.

    Raises:
        CommandError: There is no such calendar, or it says nothing for such periods.
    """
    from forecasting.calendar_days import read_calendars
    from forecasting.frequency import read_frequency
    from trace_cli.prediction import telling

    names = [name.strip().upper() for text in texts or () for name in text.split(",") if name.strip()]
    if not names:
        return ()
    with telling():
        return read_calendars(names, read_frequency(freq))


def require_series(future: Path | None, series: Path | None) -> None:
    """Refuse plans without the series that they belong to.

    Raises:
        CommandError: There is `--future` alone.
    """
    if future is not None and series is None:
        raise CommandError(
            ExitCode.USAGE,
            f"--future {future}: expected --series with it; plans are not in the ledger, so nobody could repeat "
            "the run from there",
            remedy=f"trace forecast --series demand.csv --future {future}",
        )
