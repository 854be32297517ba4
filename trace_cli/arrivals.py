"""`trace forecast --of arrivals --place P`: how many arrivals to expect on each day, for planning docks."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode
from trace_cli.formats.answer import say
from trace_cli.formats.chart import draw_bar, is_rich
from trace_cli.formats.fitted import draw_fitted, shown_width

SCHEMA: Final = "trace.forecast/1"
MODEL: Final = "lead times of what is under way, and starts at the rate of eight weeks"

_BAR: Final = 12


def forecast_load(
    *,
    of: str,
    places: Sequence[str],
    days: int,
    levels: Sequence[float],
    as_of: str | None,
    unverified: bool,
    full: bool,
    no_record: bool,
    output: Path | None,
    ledger: Path | None,
    as_json: bool,
) -> int:
    """Forecast the arrivals of the next days at each place; the options are those of `trace forecast`.

    Raises:
        CommandError: Something else was asked for, no place was named, or one at which nothing ever arrived.
    """
    from forecasting.arguments import read_levels
    from forecasting.series import read_horizon
    from trace_cli.context import find_site
    from trace_cli.known_names import find_place, known_places
    from trace_cli.prediction import check_output, open_prediction, read_as_of, record_decision, telling
    from trace_cli.progress import Progress

    if of != "arrivals":
        raise CommandError(
            ExitCode.USAGE, f"--of: expected demand or arrivals, got {of!r}", remedy="trace forecast --help"
        )
    if not places:
        raise CommandError(
            ExitCode.USAGE,
            "--of arrivals: expected the place at which goods arrive",
            remedy="trace forecast --of arrivals --place PLACE --horizon 14",
        )
    check_output(output)
    moment = read_as_of(as_of)
    with telling():
        read_levels(levels)
        read_horizon(days)
    site = find_site(ledger)
    time = site.time
    with Progress("verifying", quiet=as_json) as progress:
        prediction = open_prediction(
            site, moment, schema=SCHEMA, unverified=unverified, full=full, progress=progress
        )
        progress.say("reading what is under way")
        events = prediction.events()
        known, command = known_places(events), "trace forecast --of arrivals --place"
        uris = [
            find_place(site.codes, code, known, command=command, known_by=prediction.known_by) for code in places
        ]
        progress.say(f"fitting lead times to {prediction.history.head.size:,} entries")
        with telling(more="trace scan CODE --step receiving --place PLACE, when something arrives"):
            tables = _measure(events, prediction.moment, uris, days, levels, time.name)

    def describe() -> dict[str, object]:
        return _decision(prediction, events, tables, days, levels, time.name)

    answer = {
        **prediction.answer(SCHEMA),
        "of": "arrivals",
        "frequency": "D",
        "timezone": time.name,
        "horizon": days,
        "series_found": len(tables),
        "series": [_series(uri, table, levels) for uri, table in tables.items()],
        "decision_seq": record_decision(prediction, describe, wanted=not no_record),
    }
    _write(answer, prediction, output=output, as_json=as_json)
    return int(ExitCode.OK)


def _measure(
    events: Any, moment: Any, uris: Sequence[str], days: int, levels: Sequence[float], timezone: str
) -> dict[str, Any]:
    from forecasting.flow.arrivals import arrivals_by_day

    return arrivals_by_day(events, as_of=moment, places=uris, days=days, levels=levels, timezone=timezone)


def _series(uri: str, table: Any, levels: Sequence[float]) -> dict[str, Any]:
    points = [
        {
            "ds": f"{row['ds']:%Y-%m-%d}",
            "mean": float(row["mean"]),
            "under_way": float(row["under_way"]),
            "loads": float(row["loads"]),
            "quantiles": {f"{level!r}": float(row[f"q{level!r}"]) for level in levels},
        }
        for row in table.to_dict("records")
    ]
    return {
        "unique_id": uri,
        "product": None,
        "place": uri,
        "frequency": "D",
        "unit": "arrivals",
        "model": MODEL,
        "class": "arrivals",
        "points": points,
        "accuracy": {"mase": None, "rmsse": None, "coverage80": None, "value_added": None},
    }


def _decision(
    prediction: Any, events: Any, tables: Any, days: int, levels: Sequence[float], timezone: str
) -> dict[str, object]:
    from forecasting.decisions import data_digest, describe_run, output_digest
    from forecasting.rerun import join_places
    from trace_cli.prediction import moment_text

    return describe_run(
        command="forecast",
        checkpoint=prediction.checkpoint(),
        selection={
            "as_of": moment_text(prediction.moment),
            "of": "arrivals",
            "places": list(tables),
            "timezone": timezone,
        },
        data=data_digest(events, ["event_time", "seq", "item"]),
        model=MODEL,
        parameters={"horizon": days, "quantiles": " ".join(map(repr, levels))},
        seed=0,
        output=" ".join(output_digest(table) for table in tables.values()),
        result=join_places(tables),
    )


def _write(answer: dict[str, Any], prediction: Any, *, output: Path | None, as_json: bool) -> None:
    from trace_cli.formats.answer import write_answer_file, write_json
    from trace_cli.prediction import basis_line, tell_recorded, warning_line

    if output is not None:
        write_answer_file(output, answer, _csv)
    if as_json:
        write_json(answer)
        return
    if warning := warning_line(prediction):
        say(warning)
    time = prediction.site.time
    say(f"Arrivals of the next {answer['horizon']} days, as known on {prediction.known_by}")
    say(basis_line(prediction))
    for one in answer["series"]:
        _tell(one, prediction.site.codes.short(one["place"]))
    say("\n" + textwrap.fill(_words(answer, time.name), shown_width()))
    if output is not None:
        say(f"\nWritten to {output}")
    tell_recorded(answer["decision_seq"])


def _csv(answer: Mapping[str, Any]) -> str:
    """Write the days of all places as rows."""
    from trace_cli.formats.csv_text import csv_text

    numbers = ("mean", "under_way", "loads")
    rows = [
        (one["place"], point["ds"], *(point[name] for name in numbers), *point["quantiles"].values())
        for one in answer["series"]
        for point in one["points"]
    ]
    levels = list(answer["series"][0]["points"][0]["quantiles"])
    return csv_text(["place", "ds", *numbers, *(f"q{level}" for level in levels)], rows)


def _tell(one: Mapping[str, Any], name: str) -> None:
    """Draw the days of one place."""
    points = one["points"]
    levels = list(points[0]["quantiles"])
    rich = is_rich()
    most = max((point["mean"] for point in points), default=0.0) or 1.0
    head = ["day", "expected", "under way", "loads", *(f"{float(level) * 100:g} %" for level in levels), ""]
    lines = [
        [
            f"{date.fromisoformat(point['ds']):%a %Y-%m-%d}",
            f"{point['mean']:,.1f}",
            f"{point['under_way']:,.1f}",
            f"{point['loads']:,.1f}",
            *(f"{value:,.0f}" for value in point["quantiles"].values()),
            draw_bar(point["mean"] / most, _BAR, rich=rich),
        ]
        for point in points
    ]
    sums = [f"{sum(point[name] for point in points):,.1f}" for name in ("mean", "under_way", "loads")]
    lines.append(["together", *sums, *[""] * (len(levels) + 1)])
    last = len(head) - 1
    say(f"\n{name}")
    say(draw_fitted(head, lines, width=shown_width(), spare=(last, 2), right=range(1, last))[0])


def _words(answer: Mapping[str, Any], zone: str) -> str:
    """Say what the columns are."""
    levels = [float(level) for level in answer["series"][0]["points"][0]["quantiles"]]
    words = (
        f"An arrival is one thing: a pallet counts, and so does each box on it. Days begin at midnight {zone}; of "
        "today only what is left counts. Under way is the part of what is expected that has left already; what "
        "leaves together arrives as one load."
    )
    if levels:
        top = levels[-1]
        words += f" On {round(top * 100):g} of 100 such days no more come than stand under {top * 100:g} %."
    return words
