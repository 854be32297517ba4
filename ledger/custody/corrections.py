"""Which events count: an error declaration withdraws an event, and may name what stands in its place.

Events are never changed. To withdraw one, a copy of it with the same eventID and an `errorDeclaration` is recorded
(EPCIS 2.0 section 7.4.1.4); corrective events are events of their own. A correction applies from its own record
time on: whoever asks for an earlier moment sees what was believed then.

Who may withdraw what:

1. a declaration that was made at the site withdraws any event
2. one that was imported withdraws only what was imported as well: a file of others may carry any eventID, and must
   not undo what was scanned, typed or piped here, a hold least of all
3. and only what it repeats: it names things, all of which the event names, at the same second. Files are not
   signed, so nothing else tells the partner who made an event from another who has heard of its eventID

Any other stays in the log, and the event that it names is shown as disputed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from ledger.chain.entry import IMPORTED
from ledger.chain.errors import Refused
from ledger.custody.facts import Facts
from ledger.custody.history import Event, make_event
from ledger.custody.index.lookup import Lookup
from ledger.custody.times import event_time_text
from ledger.custody.vocabulary import is_uri

# The reasons of CBV 2.0 section 7.4; a reason of one's own is a URI.
DID_NOT_OCCUR: Final = "did_not_occur"
INCORRECT_DATA: Final = "incorrect_data"
REASONS: Final = (DID_NOT_OCCUR, INCORRECT_DATA)
_SPELLINGS: Final = ("urn:epcglobal:cbv:er:", "https://ref.gs1.org/cbv/ER-", "gs1:ER-", "cbv:ER-")


class Claim(NamedTuple):
    """What of an event its error declaration must repeat: its eventID, the second of its time, what it names."""

    event_id: str
    second: int
    names: frozenset[str]

    def repeats(self, event: Claim) -> bool:
        """Tell whether a declaration is a copy of an event, as far as rule 3 asks; see the module."""
        return bool(self.names) and self.second == event.second and self.names <= event.names


def claim_of(facts: Facts) -> Claim:
    """Say of an event what its declaration must repeat."""
    names = frozenset(mention.uri for mention in facts.mentions)
    return Claim(facts.event_id, facts.time // 1_000_000, names)


class Withdrawn:
    """What error declarations name, by who may withdraw what; see the module."""

    def __init__(self) -> None:
        self._here: set[str] = set()
        self._imported: dict[str, list[Claim]] = {}

    def __bool__(self) -> bool:
        """Tell whether any declaration was added."""
        return bool(self._here or self._imported)

    def add(self, declaration: Facts, via: str) -> None:
        """Add a declaration: what it says, and how it came."""
        if via == IMPORTED:
            self._imported.setdefault(declaration.event_id, []).append(claim_of(declaration))
        else:
            self._here.add(declaration.event_id)

    def knows(self, event_id: str, via: str) -> bool:
        """Tell whether a declaration on an event was added that came in the same way."""
        return event_id in (self._imported if via == IMPORTED else self._here)

    def has(self, event: Facts, via: str) -> bool:
        """Tell whether an event, which came as `via` says, is withdrawn."""
        if event.event_id in self._here:
            return True
        theirs = self._imported.get(event.event_id, ()) if via == IMPORTED else ()
        return any(declaration.repeats(claim_of(event)) for declaration in theirs)


class Declaration(NamedTuple):
    """An error declaration: the event that it withdraws, since when [us], why, what replaces it, by whom."""

    event_id: str
    seq: int
    known: int
    reason: str | None
    corrective: tuple[str, ...]
    via: str = "typed"
    by: str | None = None
    claim: Claim | None = None


class Corrections:
    """The error declarations among some events.

    Args:
        events: In any order; those that declare nothing are passed over.
    """

    def __init__(self, events: Iterable[Event]) -> None:
        self._of: dict[tuple[str, bool], Declaration] = {}
        self._replacing: dict[str, Declaration] = {}
        self._take(_declaration(event) for event in events if event.facts.withdraws)

    @classmethod
    def of_declarations(cls, declarations: Iterable[Declaration]) -> Corrections:
        """Take declarations that were read before, in any order."""
        corrections = cls(())
        corrections._take(declarations)
        return corrections

    def _take(self, declarations: Iterable[Declaration]) -> None:
        for declaration in sorted(declarations, key=lambda one: (one.known, one.seq)):
            # The first that was known counts; later ones can only say the same again.
            self._of.setdefault((declaration.event_id, declaration.via == IMPORTED), declaration)
            for corrective in declaration.corrective:
                self._replacing.setdefault(corrective, declaration)

    @property
    def event_ids(self) -> frozenset[str]:
        """List the events that are withdrawn or replace others."""
        return frozenset(event_id for event_id, _ in self._of) | frozenset(self._replacing)

    def of(self, event: Facts | Claim, via: str, as_of: int | None = None) -> Declaration | None:
        """Give the declaration that withdraws an event, or that the event is itself; None: it stands.

        Args:
            event: The event.
            via: How the event came.
            as_of: Only what was known by then [us since the epoch]; None: everything.
        """
        if not self._of:
            return None
        found = [one for way in (False, True) if (one := self._of.get((event.event_id, way))) is not None]
        found = [one for one in found if _may_withdraw(one, event, via)]
        first = min(found, key=lambda one: (one.known, one.seq), default=None)
        return first if first is not None and (as_of is None or first.known <= as_of) else None

    def disputing(self, event: Facts | Claim, via: str) -> Declaration | None:
        """Give the imported declaration that names an event which it may not withdraw."""
        found = self._of.get((event.event_id, True))
        return None if found is None or _may_withdraw(found, event, via) else found

    def known(self, event: Event) -> int:
        """Say since when an event is known [us since the epoch].

        A corrective event repeats the time of what it corrects, so where its source gives no record time it
        counts from when it was declared; else both would count in between.
        """
        facts = event.facts
        return self.known_of(facts.event_id, event.via, event.known, dated=facts.recorded is not None)

    def known_of(self, event_id: str, via: str, known: int, *, dated: bool) -> int:
        """As `known`, of an event by what is told of it; `dated`: its source gives a record time."""
        declaration = self._replacing.get(event_id)
        if declaration is None or via != IMPORTED or dated:
            return known
        return max(known, declaration.known)


def _declaration(event: Event) -> Declaration:
    facts, why = event.facts, bare_reason(event.facts.reason)
    how = (event.via, event.by, claim_of(facts))
    return Declaration(facts.event_id, event.seq, event.known, why, facts.corrective, *how)


def _may_withdraw(declaration: Declaration, event: Facts | Claim, via: str) -> bool:
    if declaration.via != IMPORTED:
        return True
    if via != IMPORTED or declaration.claim is None:
        return False
    return declaration.claim.repeats(event if isinstance(event, Claim) else claim_of(event))


def find_corrections(lookup: Lookup, event_ids: Iterable[str]) -> Corrections:
    """Find the declarations that name any of these events, each proven.

    Raises:
        Untrue: One of them does not hold.
    """
    entries = lookup.declarations_of(list(dict.fromkeys(event_ids)))
    return Corrections(make_event(entry.seq, entry.body, entry.rec, entry.via, by=entry.by) for entry in entries)


def read_reason(text: str) -> str:
    """Read a reason in any spelling; give the bare CBV word, or the URI of an own one.

    >>> read_reason("urn:epcglobal:cbv:er:did_not_occur")
    'did_not_occur'

    Raises:
        Refused: It is neither.
    """
    bare = bare_reason(text)
    if bare in REASONS or (bare == text and is_uri(text)):
        return str(bare)
    raise Refused(f"{text!r} is no reason", remedy=f"one of {', '.join(REASONS)}, or a URI of your own")


def bare_reason(text: str | None) -> str | None:
    """Give the bare word of a CBV reason; anything else as it is."""
    for spelling in _SPELLINGS:
        if text and text.startswith(spelling) and text.removeprefix(spelling) in REASONS:
            return text.removeprefix(spelling)
    return text


def declare(
    body: Mapping[str, Any], *, at: datetime, reason: str, corrective: Iterable[str] = ()
) -> dict[str, Any]:
    """Write the error declaration that withdraws an event.

    Args:
        body: The event, as the log has it or in full.
        at: The time of the declaration.
        reason: A CBV word or a URI.
        corrective: The eventIDs of what stands in its place.
    """
    # Who stores an event sets its record time, so that of the copy is not that of the original.
    copy = {key: value for key, value in body.items() if key != "recordTime"}
    error: dict[str, Any] = {"declarationTime": event_time_text(at), "reason": reason}
    if corrective := list(corrective):
        error["correctiveEventIDs"] = corrective
    return {**copy, "errorDeclaration": error}
