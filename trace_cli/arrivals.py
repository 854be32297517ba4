"""`trace forecast --of arrivals --place P`: how many arrivals to expect on each day, for planning docks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

SCHEMA: Final = "trace.forecast/1"
MODEL: Final = "lead times of what is under way, and starts at the rate of eight weeks"


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
    uris = [site.codes.place(code) for code in places]
    with Progress("verifying", quiet=as_json) as progress:
        prediction = open_prediction(
            site, moment, schema=SCHEMA, unverified=unverified, full=full, progress=progress
        )
        progress.say("fitting lead times")
        events = prediction.events()
        known = set(events["place"].dropna())
        for uri, code in zip(uris, places, strict=True):
            if uri not in known:
                raise CommandError(
                    ExitCode.NOT_FOUND,
                    f"nothing was ever seen at {code!r}",
                    remedy="trace bottlenecks --top 100, to see the places that there are",
                )
        with telling():
            tables = {uri: _measure(events, prediction.moment, uri, days, levels) for uri in uris}

    def describe() -> dict[str, object]:
        return _decision(prediction, events, tables, days, levels)

    answer = {
        **prediction.answer(SCHEMA),
        "of": "arrivals",
        "frequency": "D",
        "horizon": days,
        "series_found": len(tables),
        "series": [_series(uri, table, levels) for uri, table in tables.items()],
        "decision_seq": record_decision(prediction, describe, wanted=not no_record),
    }
    _write(answer, prediction, output=output, as_json=as_json)
    return int(ExitCode.OK)


def _measure(events: Any, moment: Any, uri: str, days: int, levels: Sequence[float]) -> Any:
    from forecasting.flow.under_way import arrivals_by_day

    return arrivals_by_day(events, as_of=moment, place=uri, days=days, levels=levels)


def _series(uri: str, table: Any, levels: Sequence[float]) -> dict[str, Any]:
    points = [
        {
            "ds": f"{row['ds']:%Y-%m-%d}",
            "mean": float(row["mean"]),
            "under_way": float(row["under_way"]),
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


def _decision(prediction: Any, events: Any, tables: Any, days: int, levels: Sequence[float]) -> dict[str, object]:
    from forecasting.decisions import data_digest, describe_run, output_digest
    from forecasting.rerun import join_places
    from trace_cli.prediction import moment_text

    return describe_run(
        command="forecast",
        checkpoint=prediction.checkpoint(),
        selection={"as_of": moment_text(prediction.moment), "of": "arrivals", "places": list(tables)},
        data=data_digest(events, ["event_time", "seq", "item"]),
        model=MODEL,
        parameters={"horizon": days, "quantiles": " ".join(map(repr, levels))},
        seed=0,
        output=" ".join(output_digest(table) for table in tables.values()),
        result=join_places(tables),
    )


def _write(answer: dict[str, Any], prediction: Any, *, output: Path | None, as_json: bool) -> None:
    from trace_cli.formats.answer import say, to_json, write_file, write_json
    from trace_cli.formats.csv_text import csv_text
    from trace_cli.formats.table import draw_table
    from trace_cli.prediction import basis_line, warning_line

    if output is not None and output.suffix.lower() == ".json":
        write_file(output, to_json(answer) + "\n")
    elif output is not None:
        levels = list(answer["series"][0]["points"][0]["quantiles"])
        rows = [
            (one["place"], point["ds"], point["mean"], point["under_way"], *point["quantiles"].values())
            for one in answer["series"]
            for point in one["points"]
        ]
        write_file(
            output, csv_text(["place", "ds", "mean", "under_way", *(f"q{level}" for level in levels)], rows)
        )
    if as_json:
        write_json(answer)
        return
    if warning := warning_line(prediction):
        say(warning)
    say(f"Arrivals of the next {answer['horizon']} days, as known on {prediction.moment:%Y-%m-%d %H:%M} UTC")
    say(basis_line(prediction))
    for one in answer["series"]:
        say(f"\n{prediction.site.codes.short(one['place'])}")
        levels = list(one["points"][0]["quantiles"])
        head = ["day", "expected", "under way", *(f"{float(level) * 100:g} %" for level in levels)]
        lines = [
            [point["ds"], f"{point['mean']:.1f}", f"{point['under_way']:.1f}"]
            + [f"{value:.1f}" for value in point["quantiles"].values()]
            for point in one["points"]
        ]
        say(draw_table(head, lines, right=tuple(range(1, len(head)))))
    if output is not None:
        say(f"\nWritten to {output}")
    if (seq := answer["decision_seq"]) is not None:
        say(f"\nRecorded as decision {seq}: trace decision show {seq}")
