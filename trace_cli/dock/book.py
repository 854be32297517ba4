"""The ledger as a session uses it: record one thing durably, take one back, and find again what was recorded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ledger.custody.authenticity import Judgement
    from ledger.custody.provenance.held import Held
    from trace_cli.capture import Circumstances
    from trace_cli.context import Site
    from trace_cli.dock.goods import Goods
    from trace_cli.dock.reader import Entry


@dataclass(frozen=True)
class Accepted:
    """A scan that is in the ledger."""

    seq: int
    uri: str
    is_class: bool
    quantity: Decimal
    body: dict[str, Any]
    judged: Judgement | None = None


class Book:
    """What a session writes and reads; the recorder is open for as long as the session.

    Args:
        site: The site.
        recorder: Its recorder.
        session: The name of the session, which every event of it carries.
    """

    def __init__(self, site: Site, recorder: Any, session: str) -> None:
        self.site = site
        self._recorder = recorder
        self._session = session

    def accept(self, goods: Goods, raw: bytes, said: Circumstances, by: str, entry: Entry) -> Accepted:
        """Record one scan in one commit; it is on disk when this returns, and judged as `check` judges it.

        Raises:
            Refused, CommandError: It cannot be recorded; nothing was.
        """

        from ledger.custody.statement import RAW, SESSION
        from trace_cli.capture import make_event, make_statement
        from trace_cli.dock.verdicts import Judging
        from trace_cli.refusals import plan

        more = {**goods.said, SESSION: self._session}
        if entry == "scanned":
            more[RAW] = raw.hex()
        statement = make_statement(self.site.codes, said, [goods.thing], extensions=more)
        body = make_event(statement)
        planned = [one._replace(expiry=goods.expiry, once=True) for one in plan(statement)]
        judging = Judging(self.site.codes, self._recorder, planned, goods, refuse=not said.anyway)
        seq, held = self._commit(body, by, entry, judging.guard, refuse_held=not said.anyway)
        quantity = goods.thing.quantity or Decimal(1)
        return Accepted(seq, goods.thing.uri, goods.thing.is_class, quantity, body, judging.judgement(held))

    def take_back(self, accepted: Accepted, by: str, entry: Entry) -> int:
        """Record the error declaration of a scan; both stay in the log."""
        from ledger.custody.corrections import DID_NOT_OCCUR, declare
        from trace_cli.context import now

        return self._commit(declare(accepted.body, at=now(), reason=DID_NOT_OCCUR), by, entry, None)[0]

    def _commit(
        self, body: dict[str, Any], by: str, entry: Entry, guard: Any, *, refuse_held: bool = False
    ) -> tuple[int, Sequence[Held]]:
        from ledger.chain.errors import Refused

        outcome = self._recorder.record(
            [self._recorder.prepare(body, by=by, via=entry)], guard=guard, refuse_held=refuse_held
        )
        if outcome.appended is None:
            raise Refused("this is in the ledger already")
        return int(outcome.seqs[0]), outcome.held


def find_accepted(site: Site, session: str, first: int) -> tuple[list[Accepted], int]:
    """Find the scans of a session in the ledger, in order, and how many of them were taken back.

    Args:
        site: The site.
        session: The name of the session.
        first: The number of the entry before which there is none of it.
    """
    from ledger.custody.privacy import reveal
    from ledger.custody.statement import SESSION

    found: dict[str, Accepted] = {}
    undone = 0
    with site.reading() as (view, _):
        for seq, data in view.entries(first):
            entry = json.loads(data, parse_float=Decimal)
            body = entry["body"]
            if entry["kind"] != "event" or body.get(SESSION) != session:
                continue
            if "errorDeclaration" in body:
                undone += found.pop(body["eventID"], None) is not None
                continue
            body = reveal(body, view) if b'{"_commit":"' in data else body
            found[body["eventID"]] = _accepted(seq, body)
    return list(found.values()), undone


def _accepted(seq: int, body: dict[str, Any]) -> Accepted:
    classes = body.get("quantityList") or body.get("childQuantityList") or ()
    for element in classes:
        return Accepted(seq, element["epcClass"], True, Decimal(element.get("quantity", 1)), body)
    things = body.get("epcList") or body.get("childEPCs") or ()
    return Accepted(seq, things[0] if things else body.get("parentID", ""), False, Decimal(1), body)
