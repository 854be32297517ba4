"""A search for anomalies: the tables that it reads, what its decision says, and the same search again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from trace_cli.prediction import Prediction, moment_text

if TYPE_CHECKING:
    from forecasting.rerun import Rerun
    from forecasting.tables.recorded import RecordedEvents
    from trace_cli.decided import Decided

COMMAND: Final = "anomalies"
MOST_ROWS: Final = 2_000  # of a file that a decision keeps
_KEYS: Final = ("event_time", "seq", "item")
_TOLD: Final = ("kind", "item", "p_value", "expected", "seen", "finding")

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Search:
    """What is asked: besides the history, what files say and what people decided.

    Attributes:
        alpha: Bound of the share of false alarms.
        places, lots: Rows of files; they win over what the ledger knows.
        dismissed, confirmed: Names of findings.
    """

    alpha: float
    places: Rows
    lots: Rows
    dismissed: Collection[str] = ()
    confirmed: Collection[str] = ()


def search(prediction: Prediction, asked: Search) -> tuple[Any, Any]:
    """Look for anomalies.

    Returns:
        The events table, and the table of alarms.

    Raises:
        Untrue: The ledger was changed since it was verified.
        BadTable, BadArgument: As `forecasting.anomalies`.
    """
    from forecasting.detectors.alarms import anomalies
    from trace_cli.cited import cited_leaves

    events = prediction.events()
    places, lots = known_tables(*_known(prediction), asked)
    with cited_leaves(prediction) as leaves:
        found = anomalies(
            events,
            as_of=prediction.moment,
            places=places,
            products=lots,
            entries=operators(prediction.history.recorded),
            readings=_readings(prediction),
            alpha=asked.alpha,
            leaves=leaves,
            dismissed=asked.dismissed,
            confirmed=asked.confirmed,
        )
    return events, found


def describe_search(prediction: Prediction, asked: Search, events: Any, found: Any) -> dict[str, object]:
    """Write the body of the decision entry."""
    from forecasting.decisions import data_digest, describe_run, output_digest

    told = found[list(_TOLD)]
    return describe_run(
        command=COMMAND,
        checkpoint=prediction.checkpoint(),
        selection={"as_of": moment_text(prediction.moment)},
        data=data_digest(events, _KEYS),
        model="rules and conformal p-values, Benjamini-Hochberg",
        parameters={
            "alpha": asked.alpha,
            "detectors": [one["kind"] for one in found.attrs["detectors"]],
            "dismissed": sorted(asked.dismissed),
            "confirmed": sorted(asked.confirmed),
            "places": _kept(asked.places),
            "lots": _kept(asked.lots),
        },
        seed=0,
        output=output_digest(told),
        result=told,
    )


def repeat_search(decided: Decided) -> Rerun:
    """Look again, as a decision did.

    Raises:
        BadArgument: It read a file that its entry does not keep.
    """
    from forecasting.decisions import data_digest, output_digest
    from forecasting.errors import BadArgument
    from forecasting.rerun import Rerun

    parameters: Mapping[str, Any] = decided.body["parameters"]
    files: dict[str, Rows] = {}
    for name in ("places", "lots"):
        kept = parameters.get(name, [])
        if not isinstance(kept, list):
            raise BadArgument(
                f"it read a file of {name} that is too large for its entry; record those with "
                f"trace {'place' if name == 'places' else 'product'} import, and ask anew"
            )
        files[name] = [dict(row) for row in kept]
    asked = Search(
        alpha=float(parameters["alpha"]),
        places=files["places"],
        lots=files["lots"],
        dismissed=parameters.get("dismissed", ()),
        confirmed=parameters.get("confirmed", ()),
    )
    events, found = search(decided.then(), asked)
    told = found[list(_TOLD)]
    return Rerun(data_digest(events, _KEYS), output_digest(told), told)


def _kept(rows: Rows) -> Rows | dict[str, object]:
    """Keep the rows of a file, as far as they fit into an entry."""
    return rows if len(rows) <= MOST_ROWS else {"rows": len(rows)}


def _known(prediction: Prediction) -> tuple[Rows, Rows]:
    """Read coordinates and lot sizes that the ledger knows; where it does not hold, none are believed."""
    from ledger.custody.index.lookup import Lookup
    from ledger.custody.known_sizes import known_places_and_lots

    if not prediction.history.verified:
        return [], []
    site = prediction.site
    with site.proving() as (view, reader):
        entries = Lookup(view, reader).entries_of_kind("master")
    return known_places_and_lots(entries, prediction.history.head.size)


def known_tables(places: Rows, lots: Rows, asked: Search | None = None) -> tuple[Any, Any]:
    """Make the tables of places and of lots of what the ledger knows and of what files say; None: nothing is."""
    from forecasting.tables.plain import plain_table

    if asked is not None:  # the first row of a place counts, and the last of a lot
        places, lots = [*asked.places, *places], [*lots, *asked.lots]
    return plain_table(places) if places else None, plain_table(lots) if lots else None


def operators(recorded: RecordedEvents) -> Any:
    """Say who recorded each event that was recorded by hand."""
    from forecasting.tables.plain import plain_table

    named = zip(recorded.seq.tolist(), recorded.operator.tolist(), strict=True)
    told = [{"seq": seq, "operator": operator} for seq, operator in named if operator is not None]
    return plain_table(told or [{"seq": -1, "operator": None}])


def _readings(prediction: Prediction) -> Any:
    from forecasting.tables.known import known_readings

    return known_readings(prediction.history.recorded, as_of=prediction.as_of)
