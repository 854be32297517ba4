"""`trace report operations`: what chokes, what is late and what flows where, as a page to print or as a
workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ledger.chain.counting import counted
from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode
from trace_cli.formats.tabular import Table

if TYPE_CHECKING:
    from trace_cli.prediction import Prediction

SCHEMA: Final = "trace.report.operations/1"
_SHOWN: Final = 12
"""Worst places whose waiting is drawn."""

_DOCKS, _DAYS = 5, 7
"""Places at which most arrives, and days, for which arrivals are forecast."""

_MOST_ROWS: Final = 200
"""Rows of a table on a page; a workbook has all."""

_PERIODS: Final = {"h": "hours", "D": "days", "W": "weeks", "M": "months", "Q": "quarters", "Y": "years"}
_MOST_FLOWS: Final = 60
_MOST_PLACES: Final = 24
"""Flows and places that a map can hold and be read."""


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
    from trace_cli.prediction import check_period, open_prediction, read_as_of, record_decision, telling
    from trace_cli.progress import Progress
    from trace_cli.reports.bottlenecks import named_entries
    from trace_cli.site_time import LIKELY

    if output.suffix.lower() not in (".html", ".xlsx"):
        raise CommandError(
            ExitCode.USAGE, f"-o takes .html or .xlsx, got {output.name!r}", remedy="-o operations.html"
        )
    moment = read_as_of(as_of)
    check_period(period)
    site = find_site(ledger)
    with Progress("verifying", quiet=as_json) as progress:
        prediction = open_prediction(
            site, moment, schema=SCHEMA, unverified=unverified, full=full, progress=progress
        )
        progress.say("measuring stays and fitting lead times")
        with telling():
            found = _measure(prediction, period)
        named = [seq for one in found["sites"] for seq in one["events"]]
        named += named_entries(found["evidence"].values())
        named += [one["seq"] for one in found["shipments"]]
        prove_named(site, prediction.history, named, schema=SCHEMA, progress=progress)

    def describe() -> dict[str, object]:
        return _decision(prediction, period, found)

    seq = record_decision(prediction, describe, wanted=not no_record)
    _write(prediction, found, output, period=period, seq=seq)
    alarms = sum((site["alarm_probability"] or 0) >= LIKELY for site in found["sites"])
    late = sum((one["late_probability"] or 0) >= LIKELY for one in found["shipments"])
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
        places, alarming, going = (counted(number, noun) for number, noun in told)
        say(f"{places}, {alarming}, {going} likely late: {output}")
    return int(ExitCode.OK)


def _measure(prediction: Prediction, period: str) -> dict[str, Any]:
    from forecasting.errors import NotEnoughHistory
    from forecasting.flow.arrivals import arrivals_by_day
    from forecasting.flow.bottlenecks import bottlenecks, find_periods
    from forecasting.flow.cause_evidence import show_causes
    from forecasting.flow.pictures import flows_between, queue_strips
    from forecasting.flow.under_way import GRID, shipments_under_way
    from forecasting.tables import legs_table, visits_table
    from trace_cli.prediction import moment_text
    from trace_cli.reports.bottlenecks import evidence_answers, site_answers
    from trace_cli.reports.eta import shipment_answers

    events, moment = prediction.events(), prediction.moment
    visits = visits_table(events)
    table: Any = bottlenecks(visits, as_of=moment, period=period)
    sites = site_answers(table.to_dict("records"))
    shown = show_causes(visits, table, as_of=moment, period=period)
    by = moment_text(find_periods(moment, period).ahead_start)
    evidence = evidence_answers(sites, shown, prediction.event_ids, by=by)
    flows = flows_between(legs_table(events)).to_dict("records")
    reason, shipments, arrivals = None, [], {}
    try:
        told: Any = shipments_under_way(events, as_of=moment, quantiles=GRID)
        shipments = shipment_answers(told.to_dict("records"))
        zone = prediction.site.time.name
        arrivals = arrivals_by_day(
            events, as_of=moment, places=_docks(flows), days=_DAYS, levels=(0.1, 0.9), timezone=zone, told=told
        )
    except NotEnoughHistory as error:
        reason = str(error)
    strips = queue_strips(visits, as_of=moment, period=period)
    return {
        "sites": sites,
        "evidence": {one["place"]: one for one in evidence},
        "table": table,
        "events": events,
        "shipments": shipments,
        "arrivals": {place: one.to_dict("records") for place, one in arrivals.items()},
        "no_shipments": reason,
        "flows": flows,
        "strips": {place: [float(value) for value in row] for place, row in strips.iterrows()},
        "labels": [f"{start:%Y-%m-%d}" for start in strips.columns],
    }


def _docks(flows: Sequence[Mapping[Any, Any]]) -> list[str]:
    """Choose the places at which most arrives."""
    counts: dict[str, int] = {}
    for flow in flows:
        counts[flow["destination"]] = counts.get(flow["destination"], 0) + int(flow["legs"])
    return sorted(counts, key=lambda place: (-counts[place], place))[:_DOCKS]


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
    from trace_cli.reports.operations import operations_tables, summary_lines

    codes, time = prediction.site.codes, prediction.site.time
    short = codes.short
    head = prediction.history.head
    decision = "recorded nowhere" if seq is None else f"decision entry {seq}: trace decision show {seq}"
    about = [
        *summary_lines(found, codes, time),
        f"As known on {prediction.known_by}; periods are {_PERIODS.get(period, period)} that begin at 00:00 UTC, "
        f"other times are {time.name}.",
        f"Checkpoint: {head.origin}, {counted(head.size, 'entry')}, root {head.root.hex()} "
        f"({prediction.history.verdict.anchor.kind}); {decision}.",
        *([found["no_shipments"]] if found["no_shipments"] else []),
    ]
    tables = operations_tables(found, codes, time)
    alert = warning_line(prediction)
    if output.suffix.lower() == ".xlsx":
        notes = Table("About", ("what",), [(line,) for line in ([alert] if alert else []) + about])
        write_workbook(output, [notes, *tables])
        return
    if any(len(table.rows) > _MOST_ROWS for table in tables):
        about.append(f"Tables show their first {_MOST_ROWS} rows here; a workbook has all: -o operations.xlsx")
    heat = {short(site["place"]): site["alarm_probability"] or 0.0 for site in found["sites"]}
    flows = [(short(one["origin"]), short(one["destination"]), int(one["legs"])) for one in found["flows"]]
    worst = [site["place"] for site in found["sites"][:_SHOWN]]
    strips = [(short(place), found["strips"][place]) for place in worst]
    shown = busiest(flows[:_MOST_FLOWS], _MOST_PLACES)
    pictures = []
    if shown:
        told = f"The busiest {len(shown)} of {len(flows):,} flows" if len(shown) < len(flows) else "All flows"
        told += " between places: arrows as wide as the number of legs, places redder the likelier an alarm."
        pictures.append(figure("Flow map", told, flow_map(shown, heat)))
    told = (
        f"Hours that goods waited beyond free flow at the {len(strips)} worst places, a cell for each of the last "
        f"{len(found['labels'])} {_PERIODS.get(period, 'periods')}; the number is the last one."
    )
    pictures.append(figure("Waiting", told, heat_strips(strips, found["labels"])))
    cut = [Table(table.title, table.head, table.rows[:_MOST_ROWS]) for table in tables]
    write_file(output, report_page("Operations", about, cut, pictures=pictures, alert=alert))
