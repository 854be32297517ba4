"""What is in which container, and which lot a single thing belongs to, as events in order of time say."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ledger.custody.fsma.source import Amount, FoodEvent, lot_parts, product_in, stated_lot
from ledger.custody.fsma.values import plus

_DEPTH = 32


class Contents:
    """Follows packing and unpacking.

    Args:
        make_lot: Writes the URI of a lot from (product URI or None, lot).
    """

    def __init__(self, make_lot: Callable[[str | None, str], str]) -> None:
        self._make_lot = make_lot
        self._lot_of_item: dict[str, str] = {}
        self._amount_of_item: dict[str, Amount] = {}
        self._inside: dict[str, dict[str, Amount]] = {}

    def lot_of(self, uri: str) -> str:
        """Give the lot of a thing; the thing itself where it is one or none is known."""
        return self._lot_of_item.get(uri, uri)

    def learn(self, event: FoodEvent) -> None:
        """Remember which lot a single thing belongs to."""
        product, lot, amount = stated_lot(event.body)
        if product is None and lot is None:
            return
        uri = self._make_lot(product, lot) if lot is not None and "://" not in lot else lot or product
        for role in ("epc", "child", "output"):
            for thing, _ in event.things.get(role, ()):
                if uri is not None and lot_parts(thing) is None:
                    self._lot_of_item[thing] = uri
                    if amount[0] is not None:
                        self._amount_of_item[thing] = amount

    def pack(self, event: FoodEvent) -> None:
        """Put in or take out what an event says."""
        container = event.container
        if container is None or event.kind != "AggregationEvent":
            return
        action = event.body.get("action")
        children = event.things.get("child", [])
        if action == "ADD":
            inside = self._inside.setdefault(container, {})
            for uri, (number, unit) in children:
                before = inside.get(uri, (None, None))[0]
                more = number if before is None or number is None else before + number
                inside[uri] = (more, unit)
        elif action == "DELETE" and not children:
            self._inside.pop(container, None)
        elif action == "DELETE":
            inside = self._inside.get(container, {})
            for uri, (number, unit) in children:
                before = inside.pop(uri, (None, None))[0]
                if before is not None and number is not None and before > number:
                    inside[uri] = (before - number, unit)

    def lots_in(self, things: Iterable[tuple[str, Amount]], depth: int = 0) -> dict[str, Amount]:
        """Sum things up by lot (by product where the lot is unknown), containers by what is in them."""
        found: dict[str, Amount] = {}
        for uri, amount in things:
            if uri in self._inside and depth < _DEPTH:
                inner = self.lots_in(self._inside[uri].items(), depth + 1)
                for lot, part in inner.items():
                    found[lot] = plus(found.get(lot), part)
                continue
            lot_uri: str | None = uri if lot_parts(uri) is not None else self._lot_of_item.get(uri)
            if lot_uri is None and amount[0] is not None:
                lot_uri = product_in(uri)
            if lot_uri is None:
                continue
            one: Amount = (1, None)
            whole = amount if amount[0] is not None or lot_uri == uri else self._amount_of_item.get(uri, one)
            found[lot_uri] = plus(found.get(lot_uri), whole)
        return found
