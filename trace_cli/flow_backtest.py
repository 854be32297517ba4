"""`trace backtest --of eta` and `--of bottlenecks`: what the forecasts would have been worth, beside others."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ledger.chain.counting import counted
from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode
from trace_cli.formats.answer import say
from trace_cli.formats.fitted import draw_fitted, shown_width
from trace_cli.site_time import duration, percent

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from trace_cli.prediction import Prediction

SCHEMA: Final = "trace.backtest/1"
SUBJECTS: Final = ("eta", "bottlenecks")
_NAMES: Final = {"trace": "this program"}
_SHORTER: Final = {"Y": "Q", "Q": "M", "M": "W", "W": "D", "D": "h"}
_WORDS: Final = {
    "eta": """\
Error is the mean distance between the middle and what came; pinball loss judges the whole band (less is better);
in band is the share of legs that ended inside the band from 10 to 90 % (80 % is right). AUC (1 is best, 0.5 is
chance) and Brier score (0 is best) judge the probability of being late.""",
    "bottlenecks": """\
Named is the share of the five worst places of the next period that were among the five named; new named that of
those among them that had not been among the five worst before ({new} in all). AUC (1 is best, 0.5 is chance) and
Brier score (0 is best) judge the alarm.""",
}


def run_flow_backtest(
    of: str,
    *,
    period: str,
    origins: int,
    workers: int,
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
    from trace_cli.prediction import (
        check_output,
        check_period,
        open_prediction,
        read_as_of,
        record_decision,
        telling,
    )
    from trace_cli.progress import Progress
    from trace_cli.replay import workers as start_workers

    if of not in SUBJECTS:
        raise CommandError(
            ExitCode.USAGE,
            f"--of: expected {' or '.join(SUBJECTS)}, got {of!r}",
            remedy="trace backtest --of bottlenecks",
        )
    check_output(output)
    moment = read_as_of(as_of)
    check_period(period)
    site = find_site(ledger)
    with Progress("verifying", quiet=as_json) as progress:
        prediction = open_prediction(
            site, moment, schema=SCHEMA, unverified=unverified, full=full, progress=progress
        )
        progress.say(f"forecasting {of} from {origins} moments in the past")
        shorter = "--origins 1" if of == "eta" else f"--period {_SHORTER.get(period, 'D')}"
        with (
            telling(more=f"trace backtest --of {of} {shorter}"),
            start_workers(workers if of == "eta" else 1) as executor,
        ):
            table = _measure(prediction, of, period, origins, executor, progress.count)

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


def _measure(
    prediction: Prediction,
    of: str,
    period: str,
    origins: int,
    executor: Executor | None,
    tell: Callable[[int, int], None],
) -> Any:
    from forecasting.flow.backtest_flow import backtest_bottlenecks, backtest_lead_times
    from forecasting.flow.under_way import journey_legs
    from forecasting.tables import visits_table

    events = prediction.events()
    if of == "eta":
        legs = journey_legs(events)
        return backtest_lead_times(legs, as_of=prediction.moment, origins=origins, executor=executor, tell=tell)
    visits = visits_table(events)
    return backtest_bottlenecks(visits, as_of=prediction.moment, period=period, origins=origins, tell=tell)


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
    from trace_cli.formats.answer import write_answer_file, write_json
    from trace_cli.prediction import basis_line, tell_recorded, warning_line

    methods = answer["methods"]
    if output is not None:
        write_answer_file(output, answer, _csv)
    if as_json:
        write_json(answer)
        return
    if warning := warning_line(prediction):
        say(warning)
    moments = counted(methods[0]["origins"], "moment")
    say(f"Backtest of {answer['of']} up to {prediction.known_by}, from {moments} before")
    say(basis_line(prediction) + "\n")
    width = shown_width()
    head, table = _eta_table(methods) if answer["of"] == "eta" else _bottleneck_table(methods)
    right = range(1, len(head))
    say(draw_fitted(head, table, width=width, names=(0,), spare=(len(head) - 1, 1), right=right)[0])
    for words in (_verdict(answer), _WORDS[answer["of"]].format(new=methods[0].get("emergent_places"))):
        say("\n" + textwrap.fill(words, width))
    if output is not None:
        say(f"\nWritten to {output}")
    tell_recorded(answer["decision_seq"])


def _csv(answer: Mapping[str, Any]) -> str:
    """Write the methods as rows."""
    from trace_cli.formats.csv_text import csv_text

    methods = answer["methods"]
    return csv_text(list(methods[0]), [list(method.values()) for method in methods])


def _eta_table(methods: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    unit, hours = _unit(methods[0]["mae"])
    head = ["method", "legs", f"error [{unit}]", f"pinball [{unit}]", "in band", "AUC", "Brier"]
    rows = [
        [
            _NAMES.get(one["method"], one["method"]),
            f"{one['legs']:,}",
            f"{one['mae'] / hours:,.2f}",
            f"{one['pinball'] / hours:,.2f}",
            percent(one["coverage"]),
            _figure(one["auc"]),
            _figure(one["brier"]),
        ]
        for one in methods
    ]
    return head, rows


def _bottleneck_table(methods: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    head = ["method", "named", "new named", "alarms judged", "AUC", "Brier"]
    rows = [
        [
            _NAMES.get(one["method"], one["method"]),
            percent(one["precision"]),
            percent(one["emergent"]),
            "-" if one["alarms"] is None else f"{one['alarms']:,}",
            _figure(one["auc"]),
            _figure(one["brier"]),
        ]
        for one in methods
    ]
    return head, rows


def _verdict(answer: Mapping[str, Any]) -> str:
    """Say in a sentence what the forecasts would have been worth."""
    ours, *others = answer["methods"]
    if answer["of"] == "eta":
        best = min(others, key=lambda one: one["pinball"])
        saved = 1 - ours["pinball"] / best["pinball"] if best["pinball"] else 0.0
        told = "better than" if saved > 0 else "worse than" if saved < 0 else "as good as"
        return (
            f"The middle missed by {duration(ours['mae'])} on average; the band held {percent(ours['coverage'])} "
            f"of {ours['legs']:,} arrivals. That is {percent(abs(saved))} {told} the best simple method here "
            f"({best['method']}), by pinball loss."
        )
    best = max(others, key=lambda one: one["precision"] or 0)
    words = (
        f"Of the five worst places of the period ahead {percent(ours['precision'])} were named; the best simple "
        f"method here ({best['method']}) would have named {percent(best['precision'])}."
    )
    if not ours["emergent_places"]:
        words += " No new one came among them, so nothing is known about naming those."
    return words


def _unit(hours: float) -> tuple[str, float]:
    """Choose the unit in which people would say a span: minutes, hours or days, with its hours."""
    return ("min", 1 / 60) if hours < 1 else ("h", 1.0) if hours < 48 else ("days", 24.0)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
