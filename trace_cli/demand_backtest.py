"""The backtest of demand: from a verified history, or from series that somebody brings in a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.chain.counting import counted
from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode


@dataclass(frozen=True)
class KnownOptions:
    """What was known ahead, as the options name it."""

    future: Path | None = None
    regressors: str = ""
    holidays: Sequence[str] | None = None


@dataclass(frozen=True)
class _Source:
    """What is backtested: the table, what the answer says of it, and which columns name segments."""

    demand: Any
    basis: dict[str, Any]
    told: tuple[str, ...]


def run_demand_backtest(
    *,
    series: Path | None,
    known: KnownOptions,
    freq: str,
    horizon: int,
    origins: int,
    by: str,
    models: str,
    as_of: str | None,
    unverified: bool,
    full: bool,
    output: Path | None,
    ledger: Path | None,
    as_json: bool,
) -> int:
    """Backtest demand and write the answer; the options are those of the command.

    Returns:
        The exit code.
    """
    from trace_cli.formats.answer import say, write_json
    from trace_cli.known_ahead import read_holidays, require_series
    from trace_cli.prediction import check_output, telling
    from trace_cli.progress import Progress
    from trace_cli.reports.backtest import SCHEMA, backtest_answer, write_backtest
    from trace_cli.reports.backtest_files import FORMATS, write_backtest_file

    check_output(output, FORMATS)
    holidays = read_holidays(known.holidays, freq)
    require_series(known.future, series)
    names = tuple(name.strip() for name in known.regressors.split(",") if name.strip())
    if names and series is None:
        raise CommandError(
            ExitCode.USAGE,
            "--regressors: expected --series with it; the ledger has no such columns",
            remedy="trace backtest --series demand.csv --regressors price,promotion",
        )
    with Progress("reading", quiet=as_json) as progress, telling():
        future = None
        if series is not None:
            future, names = _plans(known.future, names)
            source = _own(series, names)
        else:
            source = _history(freq, by, as_of, ledger, unverified=unverified, full=full, progress=progress)
        asked = tuple(models.split(",")) if models else _compared(known_ahead=bool(names or holidays))
        progress.say("forecasting from earlier origins")
        answer = {
            "schema": SCHEMA,
            **source.basis,
            **backtest_answer(
                source.demand,
                freq=freq,
                horizon=horizon,
                origins=origins,
                models=asked,
                told=source.told,
                future=future,
                regressors=names,
                holidays=holidays,
                tell=progress.bar,
            ),
        }
        if output is not None:
            write_backtest_file(output, answer)
    if as_json:
        write_json(answer)
    else:
        write_backtest(answer)
        if output is not None:
            say(f"\nWritten to {output}: {counted(len(answer['segments']), 'row')}")
    return int(ExitCode.OK)


def _compared(*, known_ahead: bool) -> tuple[str, ...]:
    """Choose what is compared: with what is known ahead, also the same engine without it."""
    from forecasting.rolling_origin import COMPARED, PLAIN

    return (COMPARED[0], PLAIN, *COMPARED[1:]) if known_ahead else COMPARED


def _plans(path: Path | None, names: tuple[str, ...]) -> tuple[Any, tuple[str, ...]]:
    """Read the plans, and name the regressors: those that were asked for, else the columns of the plans."""
    from forecasting.errors import BadTable
    from forecasting.known_regressors import regressor_names
    from forecasting.tables.own_series import read_series_file

    if path is None:
        return None, names
    table = read_series_file(path, ("unique_id", "ds"))
    names = names or tuple(regressor_names(table))
    if not names:
        raise BadTable(f"{path}: expected a column for each regressor beside unique_id and ds, got none")
    return table, names


def _own(path: Path, names: Sequence[str]) -> _Source:
    from forecasting.tables.own_series import read_series_file, text_columns

    table = read_series_file(path)
    basis = {"verified": False, "checkpoint": None, "source": str(path)}
    return _Source(table, basis, tuple(name for name in text_columns(table) if name not in names))


def _history(
    freq: str, by: str, as_of: str | None, ledger: Path | None, *, unverified: bool, full: bool, progress: Any
) -> _Source:
    """Give the demand of a verified history, with the place and the supplier of each series."""
    from forecasting.asked_demand import ask_demand
    from forecasting.suppliers import main_suppliers
    from trace_cli.context import find_site
    from trace_cli.prediction import open_prediction, read_as_of
    from trace_cli.reports.backtest import SCHEMA

    site = find_site(ledger)
    prediction = open_prediction(
        site, read_as_of(as_of), schema=SCHEMA, unverified=unverified, full=full, progress=progress
    )
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
    del basis["schema"]
    table = asked.table.assign(supplier=asked.table["product"].map(main_suppliers(prediction.events())))
    return _Source(table, basis, ("product", "place", "supplier"))
