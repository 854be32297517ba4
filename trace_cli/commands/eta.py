"""`trace eta`: when what is under way will arrive, and how likely it is late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.chain.counting import counted
from trace_cli import options
from trace_cli.completion import complete_things

if TYPE_CHECKING:
    from trace_cli.prediction import Prediction
    from trace_cli.site_time import SiteTime


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("eta")(eta)


def eta(
    items: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ITEM]...", help="Only these things (default: all).", autocompletion=complete_things
        ),
    ] = None,
    place: Annotated[str | None, typer.Option("--place", help="Only what is under way to this place.")] = None,
    late: Annotated[
        float, typer.Option("--late", min=0, max=1, help="Only shipments at least so likely late.")
    ] = 0.0,
    as_of: options.AsOf = None,
    top: options.Top = 10,
    unverified: options.Unverified = False,
    full: options.Full = False,
    no_record: options.NoRecord = False,
    output: options.Output = None,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> int:
    """Tell when shipments under way will arrive, with a band of 80 %, and how likely each is late.

    Lead times are learnt from the legs of verified history, the open ones included. A shipment is under way from
    the event in which it leaves a place to the first at another. What is expected to be late by most hours comes
    first. Up to three things that are named are told in sentences. Times are those of [defaults] timezone.

    \b
    Examples:
      trace eta
      trace eta PALLET-7 --as-of 2026-02-01
      trace eta --place DC-TULSA --late 0.5 -o late.csv
    """
    from trace_cli.context import find_site
    from trace_cli.exit_codes import ExitCode
    from trace_cli.known_history import prove_named
    from trace_cli.prediction import check_output, open_prediction, read_as_of, record_decision, telling
    from trace_cli.progress import Progress
    from trace_cli.reports.eta import SCHEMA, shipment_answers
    from trace_cli.since_last import eta_changes, find_earlier

    check_output(output)
    moment = read_as_of(as_of)
    site = find_site(ledger)
    time = site.time
    with Progress("verifying", quiet=as_json) as progress:
        prediction = open_prediction(
            site, moment, schema=SCHEMA, unverified=unverified, full=full, progress=progress
        )
        progress.say("reading what is under way")
        wanted, destination = _find(prediction, items or [], place)
        progress.say(f"fitting lead times to {prediction.history.head.size:,} entries")
        with telling(more="trace scan CODE --step receiving --place PLACE, when something arrives"):
            table, missing = _measure(prediction, wanted, destination)
        asked = shipment_answers(table.to_dict("records"))
        shipments = [one for one in asked if (one["late_probability"] or 0) >= late]
        named = [one["seq"] for one in shipments]
        prove_named(site, prediction.history, named, schema=SCHEMA, progress=progress)

    def describe() -> dict[str, object]:
        return _decision(prediction, table, wanted, destination)

    earlier = find_earlier(prediction, "eta", {"items": wanted, "place": destination}, {})
    answer = {
        **prediction.answer(SCHEMA),
        "shipments_found": len(shipments),
        "shipments": shipments,
        "not_under_way": missing,
        "since": None if earlier is None else eta_changes(earlier, asked),
        "decision_seq": record_decision(prediction, describe, wanted=not no_record),
    }
    _write(answer, prediction, time, top=top, output=output, as_json=as_json, by_name=bool(wanted))
    return int(ExitCode.OK)


def _find(prediction: Prediction, items: list[str], place: str | None) -> tuple[list[str], str | None]:
    """Find what was named among what is known, before anything is fitted: the things, and the place."""
    from trace_cli.known_names import find_item, find_place, known_places

    codes, events, known_by = prediction.site.codes, prediction.events(), prediction.known_by
    wanted: list[str] = []
    if items:
        names = set(events["item"].dropna())
        wanted = [find_item(codes, item, names, command="trace eta", known_by=known_by) for item in items]
    if place is None:
        return wanted, None
    return wanted, find_place(codes, place, known_places(events), command="trace eta --place", known_by=known_by)


def _measure(prediction: Prediction, wanted: list[str], destination: str | None) -> tuple[Any, list[str]]:
    """Give the shipments that were asked for, and which things are not under way."""
    from forecasting.flow.under_way import shipments_under_way

    table = shipments_under_way(prediction.events(), as_of=prediction.moment)
    if wanted:
        table = table[table["item"].isin(wanted)]
    missing = sorted(set(wanted) - set(table["item"]))
    if destination is not None:
        table = table[table["destination"] == destination]
    return table.reset_index(drop=True), missing


def _decision(prediction: Prediction, table: Any, wanted: list[str], destination: str | None) -> dict[str, object]:
    from forecasting.decisions import data_digest, describe_run, output_digest
    from trace_cli.prediction import moment_text

    return describe_run(
        command="eta",
        checkpoint=prediction.checkpoint(),
        selection={"as_of": moment_text(prediction.moment), "items": wanted, "place": destination},
        data=data_digest(prediction.events(), ["event_time", "seq", "item"]),
        model="median line, boosted quantile trees, conformal shifts",
        parameters={"quantiles": "0.1 0.5 0.9"},
        seed=0,
        output=output_digest(table),
        result=table,
    )


def _write(
    answer: dict[str, Any],
    prediction: Prediction,
    time: SiteTime,
    *,
    top: int,
    output: Any,
    as_json: bool,
    by_name: bool,
) -> None:
    import textwrap

    from ledger.chain.counting import verb
    from trace_cli.formats.answer import note, say, write_answer_file, write_json
    from trace_cli.formats.fitted import shown_width
    from trace_cli.prediction import basis_line, tell_recorded, warning_line
    from trace_cli.reports.eta import eta_csv, write_eta
    from trace_cli.since_last import tell_eta_changes

    if output is not None:
        write_answer_file(output, answer, eta_csv)
    shown = {**answer, "shipments": answer["shipments"][:top]}
    if as_json:
        write_json(shown)
        return
    if warning := warning_line(prediction):
        say(warning)
    found = answer["shipments_found"]
    say(f"Under way on {time.minute(prediction.moment)} {time.name}: {_count(answer['shipments'])}")
    say(basis_line(prediction) + "\n")
    if prediction.is_late:
        note("the history ends before --as-of; what had not arrived by its end is taken to be under way still")
    write_eta(shown, prediction.site.codes, time, by_name=by_name)
    if len(shown["shipments"]) < found:
        say(f"\nThe first {top} of {found:,} (--top shows more, -o FILE writes all).")
    if lost := sum(one["state"] == "missing" for one in answer["shipments"]):
        words = (
            f"{lost:,} of them {verb(lost, 'is', 'are')} missing: under way for more than three times as long as "
            "anything that ever arrived, so not expected any more. They come last; find them with -o FILE, "
            "column state."
        )
        say("\n" + textwrap.fill(words, shown_width()))
    if answer["since"] is not None:
        say("\n" + textwrap.fill(tell_eta_changes(answer["since"], prediction.site.codes, time), shown_width()))
    if output is not None:
        say(f"\nWritten to {output}: {counted(found, 'shipment')}")
    tell_recorded(answer["decision_seq"])


def _count(shipments: list[dict[str, Any]]) -> str:
    """Count shipments, and those that are likelier late than not."""
    from trace_cli.site_time import LIKELY

    late = sum((one["late_probability"] or 0) >= LIKELY for one in shipments)
    promised = sum(one["promised"] is not None for one in shipments)
    words = f", {late:,} likely late" if promised else ", nothing promised" if shipments else ""
    return counted(len(shipments), "shipment") + words
