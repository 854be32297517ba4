"""`trace backtest`: how good forecasts would have been at earlier origins, beside the naive ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trace_cli import options

if TYPE_CHECKING:
    import pandas as pd


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("backtest")(backtest)


def backtest(
    series: Annotated[
        Path | None, typer.Option("--series", help="Own series: .csv or .parquet with unique_id, ds, y.")
    ] = None,
    freq: Annotated[str, typer.Option("--freq", help="Period: h, D, W, MS, QS or YS.")] = "W",
    horizon: Annotated[int, typer.Option("--horizon", help="How many periods ahead.")] = 8,
    origins: Annotated[int, typer.Option("--origins", min=1, help="How many earlier origins.")] = 3,
    by: Annotated[
        str, typer.Option("--by", help="A series for each: product, place, or product,place.")
    ] = "product",
    models: Annotated[
        str, typer.Option("--models", help="With commas: auto and named models.")
    ] = "auto,seasonal_naive,naive",
    as_of: options.AsOf = None,
    unverified: options.Unverified = False,
    output: options.Output = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Forecast from earlier origins with nothing that came later, and compare with what came.

    Errors are shown for all series, by segment (ABC by share of demand, XYZ by evenness, Syntetos-Boylan class)
    and by step ahead, with 90 % intervals over series, always beside naive and seasonal naive.

    \b
    Examples:
      trace backtest
      trace backtest --freq D --horizon 14 --origins 5 -o scores.csv
      trace backtest --series demand.csv --freq MS --horizon 6
    """
    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import write_file, write_json
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
        import json

        is_json = output.suffix.lower() == ".json"
        write_file(output, json.dumps(answer, ensure_ascii=False) + "\n" if is_json else backtest_csv(answer))
    if as_json:
        write_json(answer)
    else:
        write_backtest(answer)
    return int(ExitCode.OK)


def _history(
    freq: str, by: str, as_of: str | None, ledger: Path | None, *, unverified: bool, progress: Any
) -> tuple[pd.DataFrame, dict[str, Any]]:
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
