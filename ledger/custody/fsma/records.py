"""From custody events to the records of critical tracking events, in one pass in order of time.

What an event is, by the first rule that fits: (1) a field `cte`; (2) a step of one's own that is named like a
critical tracking event; (3) its EPCIS type and step as GS1 US recommends: ObjectEvent ADD creating_class_instance
or commissioning of a lot is harvesting (first land-based receiving at a place that the settings name); a
transformation whose inputs all come from a harvest, or are another packaging level of the same product, is initial
packing, any other a transformation; `other` on a lot before it is packed is cooling. `transporting` after
harvesting or cooling says to whom. Of a container its contents at that time are shipped and received.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import zip_longest
from typing import Any, Final

from ledger.custody.fsma.contents import Contents
from ledger.custody.fsma.elements import TRACKING_EVENTS
from ledger.custody.fsma.source import (
    Amount,
    FoodEvent,
    documents,
    ends,
    lot_parts,
    place_of,
    product_in,
    same_goods,
)
from ledger.custody.fsma.values import (
    Values,
    amount_values,
    join_parts,
    joined_by,
    lot_values,
    said_day,
    text_of,
)
from ledger.custody.holds import hold_words

_OWN: Final = {
    "harvest": "harvesting",
    "packing_initial": "initial_packing",
    "initialpacking": "initial_packing",
    "landing": "first_land_based_receiving",
    "first_receiving": "first_land_based_receiving",
    "transforming": "transformation",
    **{name: name for name in TRACKING_EVENTS},
}
_CREATING: Final = frozenset({"creating_class_instance", "commissioning"})
_SAID_DATE: Final = {
    "harvesting": "harvest_date",
    "cooling": "cooling_date",
    "initial_packing": "pack_date",
    "first_land_based_receiving": "landing_date",
    "shipping": "ship_date",
    "receiving": "receive_date",
    "transformation": "transformation_date",
}


@dataclass(slots=True)
class Record:
    """One row of a sheet: which event, and its values. Places and products are URIs until they are written.

    `raw`: food that was harvested and not packed yet is moved, of which 1.1340(c) and 1.1345(c) ask nothing.
    """

    tracking: str
    seq: int
    event_id: str
    day: date
    values: Values
    lots: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    raw: bool = False


@dataclass(slots=True)
class _Known:
    """What is known of a lot from earlier events."""

    origin: str = ""
    place: str | None = None
    reference: str | None = None
    carried: Values = field(default_factory=dict)
    received: dict[str, Values] = field(default_factory=dict)
    shipped_from: str | None = None

    @property
    def origin_is_packed(self) -> bool:
        """Tell whether the lot was given its code by packing, landing or transformation."""
        return self.origin not in ("", "harvesting")


class Sweep:
    """Makes records of events that are given in order of time.

    Args:
        landings: Places where food from fishing vessels is landed.
        make_lot: Writes the URI of a lot from (product URI or None, lot).
    """

    def __init__(self, landings: frozenset[str], make_lot: Callable[[str | None, str], str]) -> None:
        self._landings = landings
        self._lots: dict[str, _Known] = {}
        self._contents = Contents(make_lot)
        self._parts: dict[str, list[FoodEvent]] = {}
        self._waiting: dict[str, list[Record]] = {}
        self.unnamed = 0

    def run(self, events: Iterable[FoodEvent]) -> Iterator[Record]:
        """Give the records of all events; those of a transformation in several events with the last of them."""
        known = list(events)
        left = Counter(filter(None, map(joined_by, known)))
        for event in known:
            self._contents.learn(event)
            joined = joined_by(event)
            if joined is None:
                yield from self._records(event)
            else:
                self._parts.setdefault(joined, []).append(event)
                left[joined] -= 1
                if not left[joined]:
                    yield from self._records(join_parts(self._parts.pop(joined)))
            self._contents.pack(event)

    def _classify(self, event: FoodEvent) -> str | None:
        said = event.extra.get("cte", "").lower().replace(" ", "_").replace("-", "_") or event.step
        if said in _OWN and (event.extra.get("cte") or said not in ("shipping", "receiving")):
            return _OWN[said]
        step, action = event.step, event.body.get("action")
        if event.kind == "TransformationEvent":
            return "initial_packing" if self._is_packing(event) else "transformation"
        if step in ("shipping", "receiving"):
            return step
        if event.kind != "ObjectEvent":
            return None
        if step in _CREATING and action == "ADD":
            return "first_land_based_receiving" if event.place in self._landings else "harvesting"
        if step == "packing" and event.container is None:
            return "initial_packing"
        # The release of a hold has that step, too, and cools nothing.
        if (
            step == "other"
            and not any(hold_words(event.body))
            and any(self._origin(uri) in ("", "harvesting") for uri, _ in event.things.get("epc", ()))
        ):
            return "cooling"
        return None

    def _origin(self, uri: str) -> str:
        known = self._lots.get(uri)
        return known.origin if known else ""

    def _is_packing(self, event: FoodEvent) -> bool:
        inputs, outputs = event.things.get("input", []), event.things.get("output", [])
        origins = {self._origin(self._contents.lot_of(uri)) for uri, _ in inputs}
        if origins == {"harvesting"} and event.step not in ("assembling", "disassembling", "repackaging"):
            return True
        products = {product_in(uri) for uri, _ in outputs}
        unknown = origins <= {""} and bool(inputs)
        return unknown and all(any(same_goods(product_in(uri), other) for other in products) for uri, _ in inputs)

    def _records(self, event: FoodEvent) -> Iterator[Record]:
        tracking = self._classify(event)
        if tracking is None:
            if event.step == "transporting":
                self._forward(event)
            return
        things = event.things.get("epc", []) + event.things.get("child", []) + event.things.get("output", [])
        if event.container is not None and tracking in ("shipping", "receiving") and not event.things.get("child"):
            things = [*things, (event.container, (None, None))]
        amounts = self._contents.lots_in(things)
        if not amounts:
            if event.extra.get("tlc") or tracking in ("harvesting", "cooling"):
                amounts = {event.extra.get("tlc", ""): (None, None)} if event.extra.get("tlc") else {}
            if not amounts:
                self.unnamed += 1
                return
        inputs = self._contents.lots_in(event.things.get("input", ()))
        base = self._base(event, tracking)
        if tracking == "transformation":
            yield from self._transformed(event, base, inputs, amounts)
            return
        for uri, amount in amounts.items():
            if tracking != "initial_packing":
                yield self._record(event, tracking, base, uri, amount, inputs)
                continue
            # What was packed came from several harvests: a row for each, as what is kept differs.
            named: list[dict[str, Amount | None]] = [
                {part: inputs.get(part)} for part in self._packed_lots(event, inputs)
            ]
            for one in named or [{}]:
                yield self._record(event, tracking, base, uri, amount, one)

    def _base(self, event: FoodEvent, tracking: str) -> Values:
        """Fill what all lots of an event share."""
        extra, kind_number = event.extra, documents(event)
        day = said_day(extra.get(_SAID_DATE[tracking])) or event.day
        values: Values = {key: value for key, value in extra.items() if key not in ("cte", "document", "tlc")}
        values |= {"document_type": kind_number[0], "document_number": kind_number[1]}
        if tracking == "harvesting":
            values["harvest_date"] = day
            stands = event.body.get("readPoint")
            point = place_of(stands)
            values.setdefault("farm", point or event.place)
            if point and event.place and point != event.place:
                values.setdefault("field", event.place)
            values.setdefault("harvester", ends(event.body, "source"))
            values.setdefault("recipient", ends(event.body, "destination"))
        elif tracking == "cooling":
            values["cooling_date"] = day
            values.setdefault("cooling_location", event.place)
            values.setdefault("recipient", ends(event.body, "destination"))
        else:
            values["date"] = day
            values["location"] = event.place
            values["container"] = event.container
        if tracking == "shipping":
            values.setdefault("recipient", ends(event.body, "destination"))
            values["location"] = event.extra.get("previous") or ends(event.body, "source") or event.place
        elif tracking == "receiving":
            values.setdefault("previous", ends(event.body, "source"))
        return values

    def _record(
        self,
        event: FoodEvent,
        tracking: str,
        base: Values,
        uri: str,
        amount: Amount,
        inputs: Mapping[str, Amount | None],
    ) -> Record:
        known = self._lots.setdefault(uri, _Known())
        values = {**base, **lot_values(uri), **amount_values(amount, base)}
        values["product"] = base.get("product") or product_in(uri)
        record = Record(tracking, event.seq, str(event.body.get("eventID", "")), event.day, values)
        record.lots, record.products = (uri, *inputs), tuple(filter(None, map(product_in, (uri, *inputs))))
        if tracking in ("harvesting", "cooling"):
            self._before_packing(record, known, uri)
        elif tracking in ("initial_packing", "first_land_based_receiving"):
            if tracking == "initial_packing":
                self._packed(event, record, uri, tuple(inputs))
            known.origin, known.place = tracking, event.place
            known.reference = base.get("tlc_source_reference") or known.reference
        else:
            self._moved(event, record, known)
        return record

    def _before_packing(self, record: Record, known: _Known, uri: str) -> None:
        values = record.values
        if record.tracking == "harvesting":
            known.origin = known.origin or "harvesting"
        values["commodity"] = values.get("commodity") or known.carried.get("commodity") or values.get("product")
        for key in ("farm", "variety", "harvester", "harvest_date", "field", "container_name", "harvester_phone"):
            if values.get(key) in (None, ""):
                values[key] = known.carried.get(key)
        keys = ("commodity", "variety", "farm", "field", "container_name", "harvester", "harvester_phone")
        for key in (*keys, "harvest_date", "cooling_location", "cooling_date"):
            if values.get(key) not in (None, ""):
                known.carried[key] = values[key]
        if not values.get("recipient"):
            self._waiting.setdefault(uri, []).append(record)
        self._arrived(uri, values.get("cooling_location") if record.tracking == "cooling" else None, record)

    def _packed_lots(self, event: FoodEvent, inputs: dict[str, Amount]) -> list[str]:
        """List the lots that were packed; where the event has no inputs, those that a field of it names."""
        if inputs or not (said := event.extra.get("input_tlc")):
            return list(inputs)
        wanted = set(said.split(", "))
        return [lot for lot in self._lots if (parts := lot_parts(lot)) and parts[0] in wanted]

    def _packed(self, event: FoodEvent, record: Record, uri: str, named: Sequence[str]) -> None:
        """Carry over what harvesting, cooling and receiving said of the lots that were packed."""
        values = record.values
        values["input_tlc"] = ", ".join(lot_values(one).get("tlc") or one for one in named) or values.get(
            "input_tlc"
        )
        for one in named or [uri]:
            known = self._lots.get(one, _Known())
            for key, value in known.carried.items():
                if values.get(key) in (None, ""):
                    values[key] = value
            got = known.received.get(event.place or "", {})
            for key in ("received_date", "received_quantity", "received_unit"):
                if values.get(key) in (None, ""):
                    values[key] = got.get(key)
            self._arrived(one, event.place, record)
        if not values.get("commodity"):
            values["commodity"] = next(filter(None, map(product_in, named)), None) or values.get("product")

    def _moved(self, event: FoodEvent, record: Record, known: _Known) -> None:
        values = record.values
        record.raw = known.origin == "harvesting"
        if not values.get("tlc_source"):
            values["tlc_source"] = known.place
        if not values.get("tlc_source_reference"):
            values["tlc_source_reference"] = known.reference
        known.place = known.place or text_of(values.get("tlc_source"))
        known.reference = known.reference or text_of(values.get("tlc_source_reference"))
        uri = record.lots[0]
        if record.tracking == "shipping":
            known.shipped_from = text_of(values.get("location"))
            if values.get("recipient") and not known.origin_is_packed:
                self._settle(uri, values["recipient"])
            return
        if not values.get("previous"):
            values["previous"] = known.shipped_from
        known.received[event.place or ""] = {
            "received_date": values["date"],
            "received_quantity": values.get("quantity"),
            "received_unit": values.get("unit"),
        }
        self._arrived(uri, event.place, record)

    def _transformed(
        self, event: FoodEvent, base: Values, inputs: dict[str, Amount], outputs: dict[str, Amount]
    ) -> Iterator[Record]:
        """One row for each input; a single output or input stands in every row, so that sorting parts nothing."""
        used, made = list(inputs.items()), list(outputs.items())
        if len(made) == 1:
            made *= max(1, len(used))
        if len(used) == 1:
            used *= len(made)
        everything = (*outputs, *inputs)
        products = tuple(filter(None, map(product_in, everything)))
        for uri in outputs:
            known = self._lots.setdefault(uri, _Known())
            known.origin, known.place = "transformation", event.place
            known.reference = base.get("tlc_source_reference") or known.reference
        for taken, given in zip_longest(used, made):
            values = dict(base)
            if taken is not None:
                values |= {f"input_{key}": value for key, value in lot_values(taken[0]).items()}
                number, unit = taken[1]
                values |= {
                    "input_quantity": number,
                    "input_unit": unit or ("each" if number is not None else None),
                }
                values["input_product"] = base.get("input_product") or product_in(taken[0])
            if given is not None:
                values |= {**lot_values(given[0]), **amount_values(given[1], base)}
                values["product"] = base.get("product") or product_in(given[0])
            event_id = str(event.body.get("eventID", ""))
            yield Record("transformation", event.seq, event_id, event.day, values, everything, products)

    def _forward(self, event: FoodEvent) -> None:
        """Read from a transport to whom lots went that were harvested or cooled."""
        target = ends(event.body, "destination")
        owner = ends(event.body, "source")
        for uri in self._contents.lots_in([*event.things.get("epc", []), *event.things.get("child", [])]):
            if known := self._lots.get(uri):
                if owner and "/417/" in owner:
                    known.carried.setdefault("harvester", owner)
                    for record in self._waiting.get(uri, ()):
                        record.values["harvester"] = record.values.get("harvester") or owner
                if target:
                    self._settle(uri, target)

    def _arrived(self, uri: str, place: str | None, record: Record) -> None:
        """Say of earlier records of a lot that it went to the place where it is met next."""
        if place is not None:
            for earlier in self._waiting.get(uri, ()):
                if earlier is not record and earlier.seq != record.seq and _home(earlier) != place:
                    earlier.values["recipient"] = earlier.values.get("recipient") or place
            self._waiting[uri] = [one for one in self._waiting.get(uri, ()) if not one.values.get("recipient")]

    def _settle(self, uri: str, place: str) -> None:
        for record in self._waiting.pop(uri, ()):
            record.values["recipient"] = record.values.get("recipient") or place


def _home(record: Record) -> Any:
    return record.values.get("cooling_location" if record.tracking == "cooling" else "farm")
