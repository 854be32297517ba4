"""`trace forecast`: how much will be asked for, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from ledger.chain.counting import counted
from trace_cli import options

if TYPE_CHECKING:
    from forecasting.asked_demand import AskedDemand
    from forecasting.demand_forecast import ForecastResult
    from trace_cli.prediction import Prediction


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("forecast")(forecast)


def forecast(
    series: Annotated[
        Path | None,
        typer.Option("--series", help="Own series, .csv or .parquet: unique_id, ds, y; unverified."),
    ] = None,
    future: Annotated[
        Path | None, typer.Option("--future", help="With --series: unique_id, ds and regressors known ahead.")
    ] = None,
    of: Annotated[
        str, typer.Option("--of", help="demand, or arrivals: how many come to --place on each day.")
    ] = "demand",
    freq: Annotated[str, typer.Option("--freq", help="Period: h, D, W, MS, QS or YS.")] = "W",
    horizon: Annotated[int, typer.Option("--horizon", help="How many periods ahead.")] = 8,
    by: Annotated[
        str, typer.Option("--by", help="A series for each: product, place, or product,place.")
    ] = "product",
    product: Annotated[list[str] | None, typer.Option("--product", help="Only this product; repeatable.")] = None,
    place: Annotated[
        list[str] | None, typer.Option("--place", help="Only demand at this place; repeatable.")
    ] = None,
    quantiles: Annotated[str, typer.Option("--quantiles", help="Ascending levels, with commas.")] = "0.1,0.5,0.9",
    holidays: options.Holidays = None,
    model: Annotated[
        str,
        typer.Option(
            "--model",
            "--engine",
            help="auto (a combination), statsmodels (its best), ols or glm (with regressors), a model: ets...",
        ),
    ] = "auto",
    as_of: options.AsOf = None,
    top: options.Top = 10,
    charts: Annotated[int, typer.Option("--charts", min=0, help="How many series to chart.")] = 1,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of random draws; recorded.")] = 0,
    exclude_alarmed: Annotated[
        bool, typer.Option("--exclude-alarmed", help="Leave out events that raise alarms or are in a case.")
    ] = False,
    unverified: options.Unverified = False,
    full: options.Full = False,
    no_record: options.NoRecord = False,
    output: options.Report = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Forecast demand from verified history, with a band for each period.

    The largest series are shown; -o computes and writes all of them. What was predicted from what is recorded as a
    decision in the ledger. A history that does not hold is refused (exit 3).

    \b
    Examples:
      trace forecast
      trace forecast --freq D --horizon 14 --product 09521234000020 --place STORE-OMAHA
      trace forecast --by product,place --as-of 2026-02-01 -o weeks.csv
      trace forecast --series demand.csv --future prices.csv --freq W --horizon 13 -o demand.html
      trace forecast --freq D --horizon 28 --holidays US-TX -o demand.xlsx
      trace forecast --exclude-alarmed
      trace forecast --of arrivals --place DC-DALLAS --horizon 7
    """
    if exclude_alarmed:
        from trace_cli.exclusion import refuse_elsewhere

        refuse_elsewhere(of=of, own=series is not None)
    if of != "demand":
        from trace_cli.arrivals import forecast_load

        return forecast_load(
            of=of,
            places=place or (),
            days=horizon,
            levels=_read_levels(quantiles),
            as_of=as_of,
            unverified=unverified,
            full=full,
            no_record=no_record,
            output=output,
            ledger=ledger,
            as_json=as_json,
        )
    from forecasting.decisions import output_digest
    from forecasting.demand_forecast import forecast_with_accuracy
    from forecasting.registered_models import require_registered_engine
    from trace_cli.context import find_site
    from trace_cli.exclusion import find_suspect
    from trace_cli.exit_codes import ExitCode
    from trace_cli.known_ahead import read_holidays, require_series
    from trace_cli.prediction import check_output, open_prediction, read_as_of, record_decision, telling
    from trace_cli.progress import Progress
    from trace_cli.reports.forecast import SCHEMA, completeness_answer, series_answers
    from trace_cli.reports.forecast_files import FORMATS

    check_output(output, FORMATS)
    moment, levels, keys = read_as_of(as_of), _read_levels(quantiles), tuple(by.split(","))
    _check_options(freq, horizon, levels, model, keys)
    calendars = read_holidays(holidays, freq)
    require_series(future, series)
    if series is not None:
        return _own(
            series, future, calendars, freq, horizon, levels, model, seed, top, charts, output, as_json=as_json
        )
    site = find_site(ledger)
    products = [site.codes.product(code) for code in product or ()]
    places = [site.codes.place(code) for code in place or ()]
    with Progress("verifying", quiet=as_json) as progress:
        prediction = open_prediction(
            site, moment, schema=SCHEMA, unverified=unverified, full=full, progress=progress
        )
        with telling():
            excluded = find_suspect(prediction, moment) if exclude_alarmed else None
            if excluded is not None:
                prediction = replace(prediction, excluded=excluded.rows)
            asked = _ask(prediction, freq, keys, products, places, None if output else top)
            progress.say("fitting models")
            require_registered_engine(model)
            result = forecast_with_accuracy(
                asked.table,
                freq=freq,
                horizon=horizon,
                quantiles=levels,
                holidays=calendars,
                engine=model,
                seed=seed,
                tell=progress.bar,
            )

    def describe() -> dict[str, object]:
        body = _decision(prediction, asked, result, keys, products, places, None if output else top)
        if excluded is not None:
            cast("dict[str, object]", body["selection"])["excluded"] = excluded.recorded()
        return body

    answer = {
        **prediction.answer(SCHEMA),
        "demand": {
            "steps": list(asked.choice.steps),
            "rule": asked.choice.rule,
            "explanation": asked.choice.explanation,
        },
        "completeness": completeness_answer(prediction, asked, freq, keys),
        "excluded": None if excluded is None else {**excluded.answer(), "words": excluded.sentence()},
        "frequency": freq,
        "horizon": horizon,
        "series_found": asked.found,
        "series": series_answers(asked, result, freq),
        "output_digest": output_digest(result.points),
        "decision_seq": record_decision(prediction, describe, wanted=not no_record),
    }
    _write(answer, prediction, asked, top=top, charts=charts, output=output, as_json=as_json)
    return int(ExitCode.OK)


def _own(
    series: Path,
    future: Path | None,
    holidays: Sequence[str],
    freq: str,
    horizon: int,
    levels: list[float],
    model: str,
    seed: int,
    top: int,
    charts: int,
    output: Path | None,
    *,
    as_json: bool,
) -> int:
    """Forecast the series of a file: nothing is verified and nothing is recorded."""

    from trace_cli.exit_codes import ExitCode
    from trace_cli.formats.answer import say, write_json
    from trace_cli.own_forecast import forecast_file
    from trace_cli.prediction import telling
    from trace_cli.progress import Progress
    from trace_cli.reports.forecast import HISTORY_SHOWN, write_forecast
    from trace_cli.reports.forecast_files import write_forecast_file

    with Progress("reading", quiet=as_json) as progress, telling():
        answer, histories = forecast_file(
            series,
            future,
            holidays=holidays,
            freq=freq,
            horizon=horizon,
            levels=levels,
            engine=model,
            seed=seed,
            progress=progress,
        )
    if output is not None:
        with telling():
            write_forecast_file(output, answer, lambda: histories, None)
    shown = {**answer, "series": answer["series"][:top]}
    if as_json:
        write_json(shown)
        return int(ExitCode.OK)
    say(
        f"UNVERIFIED: {series} is nobody's ledger; {counted(answer['series_found'], 'series')}, nothing "
        f"is recorded."
    )
    charted = {one["unique_id"] for one in shown["series"][:charts]}
    write_forecast(shown, {name: histories[name][-HISTORY_SHOWN:] for name in charted}, None)
    if output is not None:
        say(f"\nWritten to {output}: {counted(len(answer['series']), 'series')}")
    return int(ExitCode.OK)


def _read_levels(text: str) -> list[float]:
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode

    try:
        return [float(level) for level in text.split(",")]
    except ValueError:
        raise CommandError(
            ExitCode.USAGE,
            f"--quantiles: expected levels between 0 and 1 with commas between, got {text!r}",
            remedy="--quantiles 0.1,0.5,0.9",
        ) from None


def _check_options(freq: str, horizon: int, levels: list[float], model: str, keys: tuple[str, ...]) -> None:
    """Refuse what has no meaning before anything is read."""
    from forecasting.arguments import read_levels
    from forecasting.demand_forecast import ENGINES
    from forecasting.errors import BadArgument
    from forecasting.frequency import read_frequency
    from forecasting.models.registry import MODELS
    from forecasting.regression_engine import REGRESSIONS
    from forecasting.series import read_horizon
    from trace_cli.prediction import telling

    with telling():
        read_frequency(freq)
        read_horizon(horizon)
        read_levels(levels)
        if model not in ("auto", *ENGINES, *MODELS, *REGRESSIONS):
            those = ", ".join((*ENGINES, *MODELS, *REGRESSIONS))
            raise BadArgument(f"--model: expected auto, {those}, got {model!r}")
        if not set(keys) <= {"product", "place"} or len(set(keys)) < len(keys):
            raise BadArgument(f"--by: expected product, place or product,place, got {','.join(keys)!r}")


def _ask(
    prediction: Prediction,
    freq: str,
    keys: tuple[str, ...],
    products: list[str],
    places: list[str],
    top: int | None,
) -> AskedDemand:
    from forecasting.asked_demand import ask_demand
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode
    from trace_cli.reports.forecast import period_name

    site = prediction.site
    asked = ask_demand(
        prediction.events(),
        freq=freq,
        until=prediction.moment,
        by=keys,
        steps=site.settings.strings("demand", "steps"),
        products=products,
        places=places,
        top=top,
    )
    if asked.series:
        return asked
    wanted = ", ".join(site.codes.short(uri) for uri in (*products, *places))
    message, remedy = f"there is no demand to forecast: {asked.choice.explanation}", ""
    if asked.recorded:
        message = f"no {period_name(freq)} with demand was complete at {prediction.moment:%Y-%m-%d %H:%M} UTC"
        remedy = "choose a shorter --freq or a later --as-of"
    elif wanted and asked.choice.steps:
        message = f"no demand was recorded of {wanted}; {asked.choice.explanation}"
        remedy = "trace forecast, to see of what there is"
    elif not asked.choice.steps:
        remedy = 'name the steps that are demand in trace.toml: steps = ["retail_selling"] under [demand]'
    raise CommandError(ExitCode.NOT_FOUND, message, remedy=remedy)


def _decision(
    prediction: Prediction,
    asked: AskedDemand,
    result: ForecastResult,
    keys: tuple[str, ...],
    products: list[str],
    places: list[str],
    top: int | None,
) -> dict[str, object]:
    from forecasting.decisions import describe_run, forecast_digest, output_digest
    from trace_cli.prediction import moment_text

    seed = result.parameters["seed"]
    return describe_run(
        command="forecast",
        checkpoint=prediction.checkpoint(),
        selection={
            "as_of": moment_text(prediction.moment),
            "by": list(keys),
            "products": products,
            "places": places,
            "steps": list(asked.choice.steps),
            "rule": asked.choice.rule,
            "top": top,
        },
        data=forecast_digest(asked.table, result.parameters),
        model=", ".join(sorted(set(result.accuracy["model"]))),
        parameters={name: value for name, value in result.parameters.items() if name != "seed"},
        seed=seed if isinstance(seed, int) else 0,
        output=output_digest(result.points),
        result=result.points,
    )


def _write(
    answer: dict[str, Any],
    prediction: Prediction,
    asked: AskedDemand,
    *,
    top: int,
    charts: int,
    output: Any,
    as_json: bool,
) -> None:
    from trace_cli.formats.answer import note, say, write_json
    from trace_cli.prediction import basis_line, tell_recorded, telling, warning_line
    from trace_cli.reports.forecast import HISTORY_SHOWN, histories_of, period_name, record_lines, write_forecast
    from trace_cli.reports.forecast_files import PAST_SHOWN, write_forecast_file

    freq = answer["frequency"]
    if output is not None:
        with telling():
            write_forecast_file(
                output, answer, lambda: histories_of(asked.table, freq, PAST_SHOWN), prediction.site.codes
            )
    shown = {**answer, "series": answer["series"][:top]}
    if as_json:
        write_json(shown)
        return
    if warning := warning_line(prediction):
        say(warning)
    horizon, found = answer["horizon"], answer["series_found"]
    period, explanation = period_name(freq), answer["demand"]["explanation"]
    say(f"Demand of the next {counted(horizon, period)}, as known on {prediction.moment:%Y-%m-%d %H:%M} UTC")
    say(f"{explanation[:1].upper()}{explanation[1:]}.")
    say(basis_line(prediction))
    if excluded := answer["excluded"]:
        say(excluded["words"])
    for line in record_lines(answer["completeness"]["words"]):
        say(line)
    if found > len(shown["series"]):
        say(
            f"The {len(shown['series'])} of {counted(found, 'series')} with most demand (--top for "
            f"more, -o FILE for all)."
        )
    if prediction.is_late:
        note("the history ends before --as-of; periods after its end count as periods without demand")
    charted = {one["unique_id"] for one in shown["series"][:charts]}
    past = histories_of(asked.table[asked.table["unique_id"].isin(charted)], freq, HISTORY_SHOWN)
    write_forecast(shown, past, prediction.site.codes)
    if output is not None:
        say(f"\nWritten to {output}: {counted(len(answer['series']), 'series')}")
    tell_recorded(answer["decision_seq"])
