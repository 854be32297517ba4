"""The backtest of demand: from a verified history, or from series that somebody brings in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def run_demand_backtest(
    *,
    series: Path | None,
    freq: str,
    horizon: int,
    origins: int,
    by: str,
    models: str,
    as_of: str | None,
    unverified: bool,
    output: Path | None,
    ledger: Path | None,
    as_json: bool,
) -> int:
    """Backtest demand and write the answer; the options are those of the command.

    Returns:
        The exit code.
    """
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import write_answer_file, write_json
    from trace_cli.prediction import check_output, telling
    from trace_cli.progress import Progress
    from trace_cli.reports.backtest import SCHEMA, backtest_answer, backtest_csv, write_backtest

    check_output(output)
    with Progress("reading", quiet=as_json) as progress, telling():
        if series is not None:
            from forecasting.tables.own_series import read_series_file

            demand, basis = (
                read_series_file(series),
                {"verified": False, "checkpoint": None, "source": str(series)},
            )
        else:
            demand, basis = _history(freq, by, as_of, ledger, unverified=unverified, progress=progress)
        progress.say("forecasting from earlier origins")
        answer = {
            "schema": SCHEMA,
            **basis,
            **backtest_answer(
                demand, freq=freq, horizon=horizon, origins=origins, models=tuple(models.split(","))
            ),
        }
    if output is not None:
        write_answer_file(output, answer, backtest_csv)
    if as_json:
        write_json(answer)
    else:
        write_backtest(answer)
    return int(ExitCode.OK)


def _history(
    freq: str, by: str, as_of: str | None, ledger: Path | None, *, unverified: bool, progress: Any
) -> tuple[Any, dict[str, Any]]:
    """Give the demand of a verified history, and what the answer says of it."""
    from forecasting.asked_demand import ask_demand
    from trace_cli.context import find_site
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.prediction import open_prediction, read_as_of
    from trace_cli.reports.backtest import SCHEMA

    site = find_site(ledger)
    prediction = open_prediction(site, read_as_of(as_of), schema=SCHEMA, unverified=unverified, progress=progress)
    asked = ask_demand(
        prediction.events(),
        freq=freq,
        until=prediction.moment,
        by=tuple(by.split(",")),
        steps=site.settings.strings("demand", "steps"),
    )
    if not asked.series:
        raise CommandError(
            ExitCode.NOT_FOUND,
            f"there is no demand to backtest: {asked.choice.explanation}",
            remedy="trace forecast, to see of what there is",
        )
    basis = prediction.answer(SCHEMA)
    return asked.table, {name: value for name, value in basis.items() if name != "schema"}
