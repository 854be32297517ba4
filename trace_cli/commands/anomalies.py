"""`trace anomalies`: what looks wrong in the history, with the entries that say so."""

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
    app.command("anomalies")(anomalies)


def anomalies(
    alpha: Annotated[
        float, typer.Option("--alpha", help="Bound of the expected share of false alarms; 1 ranks every item.")
    ] = 0.01,
    places: Annotated[
        Path | None, typer.Option("--places", help="CSV with place, latitude, longitude: for distances.")
    ] = None,
    lots: Annotated[
        Path | None, typer.Option("--lots", help="CSV with lot, lot_size: how many items were made of each.")
    ] = None,
    as_of: options.AsOf = None,
    top: options.Top = 10,
    unverified: options.Unverified = False,
    full: options.Full = False,
    no_record: options.NoRecord = False,
    output: options.Output = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """List what looks wrong: clones, ghosts, goods out of turn, invented times, stays that are too long.

    Each alarm names the entries that say so, what was expected and what was seen. What cannot be seen with the
    data at hand is said. A history that does not hold is refused (exit 3): nothing unverified is evidence.

    \b
    Examples:
      trace anomalies
      trace anomalies --alpha 0.05 --places places.csv --lots lots.csv
      trace anomalies --as-of 2026-02-01 -o alarms.csv
    """
    from ledger.custody.cases import judged_findings
    from trace_cli.anomaly_run import Search, describe_search, search
    from trace_cli.cases import known_cases
    from trace_cli.context import find_site
    from trace_cli.exit_codes import ExitCode
    from trace_cli.known_history import prove_named
    from trace_cli.prediction import check_output, open_prediction, read_as_of, record_decision, telling
    from trace_cli.progress import Progress
    from trace_cli.reports.anomalies import SCHEMA, alarm_answers, read_lots, read_places

    check_output(output)
    moment = read_as_of(as_of)
    site = find_site(ledger)
    known_places, known_lots = read_places(places, site.codes), read_lots(lots, site.codes)
    with Progress("verifying", quiet=as_json) as progress:
        prediction = open_prediction(
            site, moment, schema=SCHEMA, unverified=unverified, full=full, progress=progress
        )
        progress.say("looking")
        dismissed, confirmed = judged_findings(known_cases(prediction, moment).values())
        asked = Search(alpha, known_places, known_lots, dismissed, confirmed)
        with telling():
            events, table = search(prediction, asked)
        named = (seq for seqs in table["seqs"] for seq in seqs)
        prove_named(site, prediction.history, named, schema=SCHEMA, progress=progress)

    def describe() -> dict[str, object]:
        return describe_search(prediction, asked, events, table)

    answer = {
        **prediction.answer(SCHEMA),
        "alpha": alpha,
        "checked": table.attrs["checked"],
        "dismissed": len(dismissed),
        "confirmed": len(confirmed),
        "alarms_found": len(table),
        "alarms": alarm_answers([dict(row) for _, row in table.iterrows()], site.codes),
        "detectors": table.attrs["detectors"],
        "decision_seq": record_decision(prediction, describe, wanted=not no_record),
    }
    _write(answer, prediction, top=top, output=output, as_json=as_json)
    return int(ExitCode.OK)


def _write(
    answer: dict[str, Any], prediction: Prediction, *, top: int, output: Path | None, as_json: bool
) -> None:
    from trace_cli.formats.answer import say, write_answer_file, write_json
    from trace_cli.prediction import basis_line, tell_recorded, warning_line
    from trace_cli.reports.anomalies import alarms_csv, write_alarms

    if output is not None:
        write_answer_file(output, answer, alarms_csv)
    shown = {**answer, "alarms": answer["alarms"][:top]}
    if as_json:
        write_json(shown)
        return
    if warning := warning_line(prediction):
        say(warning)
    say(basis_line(prediction) + "\n")
    write_alarms(shown)
    if output is not None:
        say(f"\nWritten to {output}: {counted(len(answer['alarms']), 'alarm')}")
    tell_recorded(answer["decision_seq"])
