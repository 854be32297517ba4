"""`trace bottlenecks`: where goods lose time by waiting, and where they will."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.chain.counting import counted
from trace_cli import options

if TYPE_CHECKING:
    from trace_cli.prediction import Prediction


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bottlenecks")(bottlenecks)


def bottlenecks(
    period: Annotated[str, typer.Option("--period", help="Period to compare: h, D, W, M, Q or Y.")] = "W",
    through_only: Annotated[
        bool, typer.Option("--through-only", help="Leave out places that nothing ever left.")
    ] = False,
    as_of: options.AsOf = None,
    top: options.Top = 10,
    unverified: options.Unverified = False,
    full: options.Full = False,
    no_record: options.NoRecord = False,
    output: options.Output = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Rank places by the hours that goods waited there, with reasons, and forecast the next period.

    The last complete period is shown. A history that does not hold is refused (exit 3).

    \b
    Examples:
      trace bottlenecks
      trace bottlenecks --period D --through-only
      trace bottlenecks --as-of 2026-02-01 -o places.csv
    """
    from forecasting.flow.cause_evidence import show_causes
    from trace_cli.context import find_site
    from trace_cli.exit_codes import ExitCode
    from trace_cli.known_history import prove_named
    from trace_cli.prediction import (
        check_output,
        check_period,
        open_prediction,
        read_as_of,
        record_decision,
        telling,
    )
    from trace_cli.progress import Progress
    from trace_cli.reports.bottlenecks import SCHEMA, evidence_answers, named_entries, site_answers
    from trace_cli.since_last import find_earlier, place_changes

    check_output(output)
    moment = read_as_of(as_of)
    check_period(period)
    site = find_site(ledger)
    with Progress("verifying", quiet=as_json) as progress:
        prediction = open_prediction(
            site, moment, schema=SCHEMA, unverified=unverified, full=full, progress=progress
        )
        progress.say("measuring stays")
        with telling():
            table, visits = _measure(prediction, period, through_only=through_only)
            answer = {**prediction.answer(SCHEMA), "period": period, **_periods(prediction, period)}
            shown = show_causes(visits, table, as_of=prediction.moment, period=period)
        sites = site_answers(table.to_dict("records"))
        evidence = evidence_answers(sites, shown, prediction.event_ids, by=answer["forecast_start"])
        named = [seq for one in sites for seq in one["events"]]
        named += named_entries(evidence)
        prove_named(site, prediction.history, named, schema=SCHEMA, progress=progress)

    def describe() -> dict[str, object]:
        return _decision(prediction, period, table, visits, through_only=through_only)

    earlier = find_earlier(prediction, "bottlenecks", {"through_only": through_only}, {"period": period})
    answer |= {
        "through_only": through_only,
        "since": None if earlier is None else place_changes(earlier, sites),
        "sites_found": len(table),
        "sites": sites,
        "evidence": evidence,
        "decision_seq": record_decision(prediction, describe, wanted=not no_record),
    }
    _write(answer, prediction, top=top, output=output, as_json=as_json)
    return int(ExitCode.OK)


def _measure(prediction: Prediction, period: str, *, through_only: bool) -> tuple[Any, Any]:
    """Give the ranked table and the visits that it rests on."""
    from forecasting.flow.bottlenecks import bottlenecks as rank_places
    from forecasting.flow.through import visits_passing_through
    from forecasting.tables import visits_table
    from trace_cli.errors import CommandError
    from trace_cli.exit_codes import ExitCode

    visits = visits_table(prediction.events())
    if through_only:
        visits = visits_passing_through(visits, as_of=prediction.moment)
    table = rank_places(visits, as_of=prediction.moment, period=period)
    if table.empty:
        known = f"by {prediction.moment:%Y-%m-%d %H:%M} UTC"
        raise CommandError(
            ExitCode.NOT_FOUND,
            f"no place had {'goods passing through' if through_only else 'any goods'} {known}",
            remedy="choose a later --as-of" + (", or leave out --through-only" if through_only else ""),
        )
    return table, visits


def _periods(prediction: Prediction, period: str) -> dict[str, str]:
    from forecasting.flow.bottlenecks import find_periods
    from trace_cli.prediction import moment_text

    pair = find_periods(prediction.moment, period)
    return {
        "period_start": moment_text(pair.shown_start),
        "period_end": moment_text(pair.shown_end),
        "forecast_start": moment_text(pair.ahead_start),
        "forecast_end": moment_text(pair.ahead_end),
    }


def _decision(
    prediction: Prediction, period: str, table: Any, visits: Any, *, through_only: bool
) -> dict[str, object]:
    from forecasting.decisions import data_digest, describe_run, output_digest
    from forecasting.flow.free_flow import FREE_FLOW_LEVEL
    from forecasting.flow.stays import LONGEST_STAY
    from trace_cli.prediction import moment_text

    return describe_run(
        command="bottlenecks",
        checkpoint=prediction.checkpoint(),
        selection={"as_of": moment_text(prediction.moment), "through_only": through_only},
        data=data_digest(visits, ["arrive", "arrive_seq", "item"]),
        model="queue area beyond free flow",
        parameters={"period": period, "free_flow_level": FREE_FLOW_LEVEL, "longest_stay_hours": LONGEST_STAY},
        seed=0,
        output=output_digest(table),
        result=table,
    )


def _write(
    answer: dict[str, Any], prediction: Prediction, *, top: int, output: Path | None, as_json: bool
) -> None:
    import textwrap

    from forecasting.flow.stays import LONGEST_STAY
    from trace_cli.formats.answer import note, say, write_answer_file, write_json
    from trace_cli.formats.fitted import shown_width
    from trace_cli.prediction import basis_line, tell_recorded, warning_line
    from trace_cli.reports.bottlenecks import bottlenecks_csv, write_bottlenecks
    from trace_cli.since_last import tell_place_changes

    if output is not None:
        write_answer_file(output, answer, bottlenecks_csv)
    shown = {**answer, "sites": answer["sites"][:top], "evidence": answer["evidence"][:top]}
    if as_json:
        write_json(shown)
        return
    if warning := warning_line(prediction):
        say(warning)
    say(f"Waiting from {_day(answer['period_start'])} to {_day(answer['period_end'])} UTC (end not included)")
    say(f"Next: {_day(answer['forecast_start'])} to {_day(answer['forecast_end'])}")
    say(basis_line(prediction) + "\n")
    if prediction.is_late:
        note("the history ends before --as-of; what was there at its end is taken to be there still")
    write_bottlenecks(shown, prediction.site.codes, longest_days=LONGEST_STAY / 24)
    if len(shown["sites"]) < answer["sites_found"]:
        say(
            f"\nThe first {top} of {counted(answer['sites_found'], 'place')} (--top shows more, -o FILE "
            f"writes all)."
        )
    if answer["since"] is not None:
        told = tell_place_changes(answer["since"], prediction.site.codes, prediction.site.time)
        say("\n" + textwrap.fill(told, shown_width()))
    if output is not None:
        say(f"\nWritten to {output}: {counted(len(answer['sites']), 'place')}")
    tell_recorded(answer["decision_seq"])


def _day(moment: str) -> str:
    """Shorten a moment to its date where it is midnight, else to its minute."""
    return moment.removesuffix("T00:00:00Z")[:16].replace("T", " ")
