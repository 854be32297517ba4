"""`trace backtest --of eta` and `--of bottlenecks`: what the forecasts would have been worth, beside others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from trace_cli.prediction import Prediction

SCHEMA: Final = "trace.backtest/1"
SUBJECTS: Final = ("eta", "bottlenecks")
_WORDS: Final = {
    "eta": """\
mae and pinball are hours (smaller is better); coverage is the share of legs
that ended inside the band from 10 to 90 % (0.80 is right); auc and brier judge
the probability of being late.""",
    "bottlenecks": """\
precision is the share of the five worst places of the next period that were
named; emergent that of those among them that had not been among the five worst
before; auc and brier judge the alarm.""",
}


def run_flow_backtest(
    of: str,
    *,
    period: str,
    origins: int,
    as_of: str | None,
    unverified: bool,
    full: bool,
    no_record: bool,
    output: Path | None,
    ledger: Path | None,
    as_json: bool,
) -> int:
    """Run the backtest of one subject and tell it.

    Raises:
        CommandError: `of` is none of `SUBJECTS`, or the history is too short.
    """
    from trace_cli.context import find_site
    from trace_cli.prediction import check_output, open_prediction, read_as_of, record_decision, telling
    from trace_cli.progress import Progress
    from trace_cli.reports.forecast import period_name

    if of not in SUBJECTS:
        raise CommandError(
            ExitCode.USAGE,
            f"--of: expected {' or '.join(SUBJECTS)}, got {of!r}",
            remedy="trace backtest --of bottlenecks",
        )
    check_output(output)
    moment = read_as_of(as_of)
    with telling():
        period_name(period)
    site = find_site(ledger)
    with Progress("verifying", quiet=as_json) as progress:
        prediction = open_prediction(
            site, moment, schema=SCHEMA, unverified=unverified, full=full, progress=progress
        )
        progress.say("looking back")
        with telling():
            table = _measure(prediction, of, period, origins)

    def describe() -> dict[str, object]:
        return _decision(prediction, of, period, origins, table)

    answer = {
        **prediction.answer(SCHEMA),
        "of": of,
        "period": period if of == "bottlenecks" else None,
        "methods": _rows(table.to_dict("records")),
        "decision_seq": record_decision(prediction, describe, wanted=not no_record),
    }
    _write(answer, prediction, output=output, as_json=as_json)
    return int(ExitCode.OK)


def _measure(prediction: Prediction, of: str, period: str, origins: int) -> Any:
    from forecasting.flow.backtest_flow import backtest_bottlenecks, backtest_lead_times
    from forecasting.flow.under_way import journey_legs
    from forecasting.tables import visits_table

    events = prediction.events()
    if of == "eta":
        return backtest_lead_times(journey_legs(events), as_of=prediction.moment, origins=origins)
    return backtest_bottlenecks(visits_table(events), as_of=prediction.moment, period=period, origins=origins)


def _rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    from trace_cli.prediction import number

    counts = {"origins", "legs", "alarms", "emergent_places"}
    return [
        {
            name: value
            if name == "method"
            else (None if number(value) is None else int(value))
            if name in counts
            else number(value)
            for name, value in row.items()
        }
        for row in rows
    ]


def _decision(prediction: Prediction, of: str, period: str, origins: int, table: Any) -> dict[str, object]:
    from forecasting.decisions import data_digest, describe_run, output_digest
    from trace_cli.prediction import moment_text

    return describe_run(
        command="backtest",
        checkpoint=prediction.checkpoint(),
        selection={"as_of": moment_text(prediction.moment), "of": of},
        data=data_digest(prediction.events(), ["event_time", "seq", "item"]),
        model=of,
        parameters={"period": period, "origins": origins},
        seed=0,
        output=output_digest(table),
        result=table,
    )


def _write(answer: dict[str, Any], prediction: Prediction, *, output: Path | None, as_json: bool) -> None:
    from trace_cli.formats.answer import say, to_json, write_file, write_json
    from trace_cli.formats.csv_text import csv_text
    from trace_cli.formats.table import draw_table
    from trace_cli.prediction import basis_line, warning_line

    methods = answer["methods"]
    if output is not None:
        is_json = output.suffix.lower() == ".json"
        rows = csv_text(list(methods[0]), [list(method.values()) for method in methods])
        write_file(output, to_json(answer) + "\n" if is_json else rows)
    if as_json:
        write_json(answer)
        return
    if warning := warning_line(prediction):
        say(warning)
    say(
        f"Backtest of {answer['of']} up to {prediction.moment:%Y-%m-%d %H:%M} UTC, {methods[0]['origins']} origins"
    )
    say(basis_line(prediction) + "\n")
    head = [name.replace("_", " ") for name in methods[0] if name != "origins"]
    lines = [[_cell(value) for name, value in method.items() if name != "origins"] for method in methods]
    say(draw_table(head, lines, right=tuple(range(1, len(head)))))
    say("\n" + _WORDS[answer["of"]])
    if output is not None:
        say(f"\nWritten to {output}")
    if (seq := answer["decision_seq"]) is not None:
        say(f"\nRecorded as decision {seq}: trace decision show {seq}")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
