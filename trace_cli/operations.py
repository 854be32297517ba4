"""`trace report operations`: what chokes, what is late and what flows where, as a page to print or as a
workbook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ledger.chain.counting import counted
from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode
from trace_cli.formats.tabular import Table

if TYPE_CHECKING:
    from trace_cli.prediction import Prediction

SCHEMA: Final = "trace.report.operations/1"
ALARM: Final = 0.5
_SHOWN: Final = 12
_MOST_FLOWS: Final = 60
_MOST_PLACES: Final = 24


def report_operations(
    *,
    output: Path,
    period: str,
    as_of: str | None,
    unverified: bool,
    full: bool,
    no_record: bool,
    ledger: Path | None,
    as_json: bool,
) -> int:
    """Write the report; the options are those of `trace report operations`.

    Raises:
        CommandError: The suffix is another, or the history does not hold.
    """
    from trace_cli.context import find_site
    from trace_cli.formats.answer import say, write_json
    from trace_cli.known_history import prove_named
    from trace_cli.prediction import open_prediction, read_as_of, record_decision, telling
    from trace_cli.progress import Progress
    from trace_cli.reports.forecast import period_name

    if output.suffix.lower() not in (".html", ".xlsx"):
        raise CommandError(
            ExitCode.USAGE, f"-o takes .html or .xlsx, got {output.name!r}", remedy="-o operations.html"
        )
    moment = read_as_of(as_of)
    with telling():
        period_name(period)
    site = find_site(ledger)
    with Progress("verifying", quiet=as_json) as progress:
        prediction = open_prediction(
            site, moment, schema=SCHEMA, unverified=unverified, full=full, progress=progress
        )
        progress.say("measuring")
        with telling():
            found = _measure(prediction, period)
        named = [seq for one in found["sites"] for seq in one["events"]]
        named += [one["seq"] for one in found["shipments"]]
        prove_named(site, prediction.history, named, schema=SCHEMA, progress=progress)

    def describe() -> dict[str, object]:
        return _decision(prediction, period, found)

    seq = record_decision(prediction, describe, wanted=not no_record)
    _write(prediction, found, output, period=period, seq=seq)
    alarms = sum((site["alarm_probability"] or 0) >= ALARM for site in found["sites"])
    late = sum((one["late_probability"] or 0) >= ALARM for one in found["shipments"])
    if as_json:
        counts = {
            "places": len(found["sites"]),
            "alarms": alarms,
            "under_way": len(found["shipments"]),
            "late": late,
        }
        write_json({**prediction.answer(SCHEMA), "file": str(output), **counts, "decision_seq": seq})
    else:
        told = ((len(found["sites"]), "place"), (alarms, "alarm"), (late, "shipment"))
        places, alarming, going = (f"{count} {word}" if count == 1 else f"{count} {word}s" for count, word in told)
        say(f"{places}, {alarming}, {going} likely late: {output}")
    return int(ExitCode.OK)


def _measure(prediction: Prediction, period: str) -> dict[str, Any]:
    from forecasting.errors import NotEnoughHistory
    from forecasting.flow.bottlenecks import bottlenecks
    from forecasting.flow.pictures import flows_between, queue_strips
    from forecasting.flow.under_way import shipments_under_way
    from forecasting.tables import legs_table, visits_table
    from trace_cli.reports.bottlenecks import site_answers
    from trace_cli.reports.eta import shipment_answers

    events = prediction.events()
    visits = visits_table(events)
    table: Any = bottlenecks(visits, as_of=prediction.moment, period=period)
    reason, shipments = None, []
    try:
        told: Any = shipments_under_way(events, as_of=prediction.moment)
        shipments = shipment_answers(told.to_dict("records"))
    except NotEnoughHistory as error:
        reason = str(error)
    strips = queue_strips(visits, as_of=prediction.moment, period=period)
    return {
        "sites": site_answers(table.to_dict("records")),
        "table": table,
        "events": events,
        "shipments": shipments,
        "no_shipments": reason,
        "flows": flows_between(legs_table(events)).to_dict("records"),
        "strips": {place: [float(value) for value in row] for place, row in strips.iterrows()},
        "labels": [f"{start:%Y-%m-%d}" for start in strips.columns],
    }


def _decision(prediction: Prediction, period: str, found: dict[str, Any]) -> dict[str, object]:
    from forecasting.decisions import data_digest, describe_run, output_digest
    from trace_cli.prediction import moment_text

    return describe_run(
        command="report operations",
        checkpoint=prediction.checkpoint(),
        selection={"as_of": moment_text(prediction.moment)},
        data=data_digest(found["events"], ["event_time", "seq", "item"]),
        model="queue area beyond free flow; lead times",
        parameters={"period": period},
        seed=0,
        output=output_digest(found["table"]),
        result=found["table"],
    )


def _write(prediction: Prediction, found: dict[str, Any], output: Path, *, period: str, seq: int | None) -> None:
    from trace_cli.formats.answer import write_file
    from trace_cli.formats.flow_picture import busiest, figure, flow_map, heat_strips
    from trace_cli.formats.report_page import report_page
    from trace_cli.formats.workbook import write_workbook
    from trace_cli.prediction import warning_line

    short = prediction.site.codes.short
    tables = _tables(found, short)
    head = prediction.history.head
    decision = "recorded nowhere" if seq is None else f"decision entry {seq}: trace decision show {seq}"
    about = [
        f"As known on {prediction.moment:%Y-%m-%d %H:%M} UTC; periods: {period}.",
        f"Checkpoint: {head.origin}, {counted(head.size, 'entry')}, root {head.root.hex()} "
        f"({prediction.history.verdict.anchor.kind}); {decision}.",
        *([warning] if (warning := warning_line(prediction)) else []),
        *([found["no_shipments"]] if found["no_shipments"] else []),
    ]
    if output.suffix.lower() == ".xlsx":
        notes = Table("About", ("what",), [(line,) for line in about])
        write_workbook(output, [notes, *tables])
        return
    heat = {short(site["place"]): site["alarm_probability"] or 0.0 for site in found["sites"]}
    flows = [(short(one["origin"]), short(one["destination"]), int(one["legs"])) for one in found["flows"]]
    worst = [site["place"] for site in found["sites"][:_SHOWN]]
    strips = [(short(place), found["strips"][place]) for place in worst]
    shown = busiest(flows[:_MOST_FLOWS], _MOST_PLACES)
    pictures = []
    if shown:
        told = f"The busiest {len(shown)} of {len(flows)} flows" if len(shown) < len(flows) else "All flows"
        told += " between places: arrows as wide as the number of legs, places redder the likelier an alarm."
        pictures.append(figure("Flow map", told, flow_map(shown, heat)))
    told = f"Hours that goods waited beyond free flow, by period ({period}), at the {len(strips)} worst places."
    pictures.append(figure("Waiting", told, heat_strips(strips, found["labels"])))
    write_file(output, report_page("Operations", about, tables, pictures=pictures))


def _tables(found: dict[str, Any], short: Any) -> list[Table]:
    from trace_cli.reports.bottlenecks import short_cause

    places = [
        (
            *(
                site["rank"],
                short(site["place"]),
                _round(site["queue_hours"]),
                _round(site["expected_queue_hours"]),
            ),
            *(_round(site["hours_at_stake"]), _percent(site["alarm_probability"]), _percent(site["utilisation"])),
            *(
                site["relief_units"],
                _round(site["relief_hours"]),
                "; ".join(short_cause(cause, short) for cause in site["causes"]),
            ),
            " ".join(map(str, site["events"])),
        )
        for site in found["sites"]
    ]
    head = (
        *("rank", "place", "queue hours", "forecast hours", "hours at stake", "alarm %", "utilisation %"),
        *("release", "saves hours", "why", "entries"),
    )
    alarms = [
        row for row, site in zip(places, found["sites"], strict=True) if (site["alarm_probability"] or 0) >= ALARM
    ]
    late = [
        (
            *(short(one["item"]), _short(one["origin"], short), _short(one["destination"], short)),
            *map(_minute, (one["started"], one["promised"], *one["eta"].values())),
            *(_percent(one["late_probability"]), one["seq"]),
        )
        for one in found["shipments"]
    ]
    likely = [
        row for row, one in zip(late, found["shipments"], strict=True) if (one["late_probability"] or 0) >= ALARM
    ]
    columns = ("item", "from", "to", "started", "promised", "10 %", "middle", "90 %", "late %", "entry")
    flows = [
        (short(one["origin"]), short(one["destination"]), int(one["legs"]), _round(one["median_hours"]))
        for one in found["flows"]
    ]
    return [
        Table("Alarms", head, alarms),
        Table("Likely late", columns, likely),
        Table("Places", head, places),
        Table("Under way", columns, late),
        Table("Flows", ("from", "to", "legs", "median hours"), flows),
    ]


def _short(uri: str | None, short: Any) -> str | None:
    return None if uri is None else short(uri)


def _minute(moment: str | None) -> str | None:
    """Shorten a UTC moment to its minute."""
    return None if moment is None else moment[:16].replace("T", " ")


def _round(value: float | None) -> float | None:
    return None if value is None or value != value else round(float(value), 1)


def _percent(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 1)
