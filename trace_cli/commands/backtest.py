"""`trace backtest`: what the forecasts would have been worth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trace_cli import options

_DEMAND_ORIGINS, _FLOW_ORIGINS = 3, 8


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("backtest")(backtest)


def backtest(
    of: Annotated[str, typer.Option("--of", help="What to judge: demand, eta or bottlenecks.")] = "demand",
    series: Annotated[
        Path | None,
        typer.Option("--series", help="Of demand, own series: .csv or .parquet with unique_id, ds, y."),
    ] = None,
    future: Annotated[
        Path | None,
        typer.Option("--future", help="With --series, what had been planned: unique_id, ds, regressors."),
    ] = None,
    regressors: Annotated[
        str, typer.Option("--regressors", help="With --series, columns that were known ahead, with commas.")
    ] = "",
    holidays: options.Holidays = None,
    freq: Annotated[str, typer.Option("--freq", help="Of demand, the period: h, D, W, MS, QS or YS.")] = "W",
    horizon: Annotated[int, typer.Option("--horizon", help="Of demand, how many periods ahead.")] = 8,
    by: Annotated[
        str, typer.Option("--by", help="Of demand, a series for each: product, place, or product,place.")
    ] = "product",
    models: Annotated[
        str, typer.Option("--models", help="Of demand, with commas: auto, combination, ets... (auto and naive).")
    ] = "",
    period: Annotated[
        str, typer.Option("--period", help="Of bottlenecks, the period to compare: h, D, W, M, Q or Y.")
    ] = "W",
    origins: Annotated[
        int | None,
        typer.Option("--origins", min=1, help="From how many moments in the past (3 of demand, else 8)."),
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=64, help="Of eta, processes to run in; same answer.")
    ] = 1,
    as_of: options.AsOf = None,
    unverified: options.Unverified = False,
    full: options.Full = False,
    no_record: options.NoRecord = False,
    output: options.Report = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Judge forecasts by what happened: from each of several moments in the past, with what was known then.

    Simple methods are judged beside: naive and seasonal naive for demand; the lane's own quantiles for eta; last
    period, exponential smoothing and the count of open work for bottlenecks. Errors of demand are shown for all
    series, by segment (ABC by share of demand, XYZ by evenness, Syntetos-Boylan class, size, place, supplier, any
    text column of --series) with 90 % intervals, and by step ahead. Of regressors, only what is declared to have
    been known ahead is read beyond an origin, and of --future only what was known by then (column known).

    \b
    Examples:
      trace backtest --freq D --horizon 14 --origins 5 -o scores.csv
      trace backtest --series demand.csv --freq MS --horizon 6 -o backtest.html
      trace backtest --series demand.csv --future prices.csv --freq W --horizon 13
      trace backtest --of bottlenecks --period W
      trace backtest --of eta --origins 4 --workers 2 --as-of 2026-02-01
    """
    if of == "demand" or series is not None:
        from trace_cli.demand_backtest import KnownOptions, run_demand_backtest

        return run_demand_backtest(
            series=series,
            known=KnownOptions(future, regressors, holidays),
            freq=freq,
            horizon=horizon,
            origins=origins or _DEMAND_ORIGINS,
            by=by,
            models=models,
            as_of=as_of,
            unverified=unverified,
            full=full,
            output=output,
            ledger=ledger,
            as_json=as_json,
        )
    from trace_cli.flow_backtest import run_flow_backtest

    return run_flow_backtest(
        of,
        period=period,
        origins=origins or _FLOW_ORIGINS,
        workers=workers,
        as_of=as_of,
        unverified=unverified,
        full=full,
        no_record=no_record,
        output=output,
        ledger=ledger,
        as_json=as_json,
    )
