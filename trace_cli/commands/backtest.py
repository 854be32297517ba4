"""`trace backtest`: what the forecasts would have been worth."""

from __future__ import annotations

from typing import Annotated

import typer

from trace_cli import options


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("backtest")(backtest)


def backtest(
    of: Annotated[str, typer.Option("--of", help="What to judge: eta or bottlenecks.")] = "bottlenecks",
    period: Annotated[
        str, typer.Option("--period", help="Of bottlenecks, the period to compare: h, D, W, M, Q or Y.")
    ] = "W",
    origins: Annotated[int, typer.Option("--origins", min=1, help="From how many moments in the past.")] = 8,
    as_of: options.AsOf = None,
    unverified: options.Unverified = False,
    no_record: options.NoRecord = False,
    output: options.Output = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Judge forecasts by what happened: from each of several moments in the past, with what was known then.

    Simple methods are judged beside: the lane's own quantiles for eta; last period, exponential smoothing and the
    count of open work for bottlenecks.

    \b
    Examples:
      trace backtest --of bottlenecks --period W
      trace backtest --of eta --origins 4 --as-of 2026-02-01
    """
    from trace_cli.flow_backtest import run_flow_backtest

    return run_flow_backtest(
        of,
        period=period,
        origins=origins,
        as_of=as_of,
        unverified=unverified,
        no_record=no_record,
        output=output,
        ledger=ledger,
        as_json=as_json,
    )
