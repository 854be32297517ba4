"""One proven event, as provenance reads it."""

from __future__ import annotations

import json
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final, NamedTuple

from ledger.chain.canonical import decode_bare
from ledger.custody.facts import Facts, read_facts
from ledger.custody.holds import NO_WORDS, STEP, hold_words
from ledger.custody.index.lookup import Lookup
from ledger.custody.index.roles import LOT as IS_LOT
from ledger.custody.index.roles import MEMBER, roles_among, roles_of
from ledger.custody.kinds.base import Mention
from ledger.custody.lots import lot_of_mention
from ledger.custody.privacy import reveal
from ledger.custody.provenance.spans import Moment
from ledger.custody.statement import QUANTITY, UNIT

_COMMITMENT: Final = b'{"_commit":"'
_decode: Final = decode_bare(json.JSONDecoder(parse_float=Decimal))  # one decoder for all entries
moment_of: Final = attrgetter("moment")


class Record(NamedTuple):
    """A proven event. `roles` says as what it names each thing, `lots` which lot it puts an instance in.

    `named` has the mentions of each thing.
    """

    seq: int
    moment: Moment
    facts: Facts
    named: dict[str, list[Mention]]
    roles: dict[str, int]
    lots: dict[str, str]
    transformation: str | None
    quantity: Any
    unit: str | None
    via: str
    holds: tuple[frozenset[str], frozenset[str]]

    def mentions(self, role: str) -> list[Mention]:
        """List the things in one role."""
        return [mention for mention in self.facts.mentions if mention.role == role]

    def amount_of(self, uri: str, role: str | None = None) -> tuple[Any, str | None]:
        """Give quantity and unit of a thing as the event states it, for a single item what is said beside it."""
        for mention in self.named.get(uri, ()):
            if role in (None, mention.role):
                if mention.quantity is not None or mention.of_class or mention.role == "parent":
                    return mention.quantity, mention.unit
                return self.quantity, self.unit
        return None, None


def make_record(seq: int, data: bytes, lookup: Lookup) -> Record | None:
    """Read the bytes of a proven entry; None: it is no event."""
    entry = _decode(data.decode("utf-8"))
    if entry["kind"] != "event":
        return None
    sealed = entry["body"]
    body = reveal(sealed, lookup.view) if _COMMITMENT in data else sealed
    facts = read_facts(body, seq)
    roles = roles_among(body, facts.mentions) if body is sealed else roles_of(sealed)
    lots = {}
    named: dict[str, list[Mention]] = {}
    for mention in facts.mentions:
        uri = mention.uri
        if uri in named:
            named[uri].append(mention)
        else:
            named[uri] = [mention]
        if roles.get(uri, 0) & MEMBER and (lot := lot_of_mention(body, mention)):
            lots[uri] = lot
    joined = body.get("transformationID")
    return Record(
        seq,
        (facts.time, seq),
        facts,
        named,
        roles,
        lots,
        joined if type(joined) is str else None,
        body.get(QUANTITY),
        body.get(UNIT),
        entry["via"],
        hold_words(body) if "persistentDisposition" in body or facts.step == STEP else NO_WORDS,
    )


def is_member_of(record: Record, lot: str) -> list[str]:
    """List the instances that an event puts in a lot."""
    if not record.roles.get(lot, 0) & IS_LOT:
        return []
    return [instance for instance, own in record.lots.items() if own == lot]
