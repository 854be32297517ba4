"""Receive against what the sender declares: what is in hand is matched with it, and recorded where it fits."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ledger.chain.counting import counted
from trace_cli.errors import CommandError
from trace_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from ledger.custody.statement import Thing
    from trace_cli.capture import Circumstances
    from trace_cli.context import Site
    from trace_cli.dock.packing_list import PackingList

SCHEMA: Final = "trace.receive/1"
_SHOWN: Final = 20


def receive_expected(
    site: Site,
    said: Circumstances,
    named: Sequence[str],
    expect: Path,
    by: str | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Match what was scanned with a packing list, or with an EPCIS document of the sender; then record it.

    What is not expected, comes twice, or states another lot or expiry than declared keeps all of it out, unless a
    reason was given. What is missing is told; the rest of a delivery may come later.

    Raises:
        CommandError: It is not recorded, and why; the answer holds the match.
    """
    from ledger.custody.statement import EXPECTED
    from trace_cli.capture import make_event, make_statement, one_saying, read_thing
    from trace_cli.dock.declared import DeclaredList, read_expected

    packing = read_expected(expect, site.codes)
    if isinstance(packing, DeclaredList):
        said = said._replace(extensions={**said.extensions, EXPECTED: packing.digest})
    read = [read_thing(site.codes, text, said) for text in named]
    match = _match(site, packing, named, [thing for thing, _ in read])
    answer = {"schema": SCHEMA, "recorded": [], "expected": _facts(packing, expect), **match}
    bad = [name for name in ("unexpected", "differs", "duplicates") if match[name]]
    if bad and not said.anyway:
        raise CommandError(
            ExitCode.REFUSED,
            f"nothing was recorded: {_told(site, match)}",
            remedy='put it aside (trace suspect CODE --reason "..."), or record it all the same: --anyway REASON',
            answer=answer,
        )
    once = list({thing.uri: thing for thing, _ in read if not thing.is_class}.values())
    things = [*once, *(thing for thing, _ in read if thing.is_class)]
    statement = make_statement(site.codes, said, things, extensions=_saying(read, one_saying))
    event = make_event(statement)
    if not dry_run:
        answer["recorded"] = [{"seq": _record(site, statement, event, said, by), "event_id": event["eventID"]}]
    _tell(site, answer, match, as_json=as_json)
    return int(ExitCode.OK)


def _saying(read: Sequence[tuple[Thing, dict[str, Any]]], one_saying: Any) -> dict[str, Any]:
    """Say beside the event what is said of all its things; what labels state of each stands in the match."""
    from ledger.chain.errors import Refused

    try:
        found: dict[str, Any] = one_saying(read)
    except Refused:
        return {}
    return found


def _match(site: Site, packing: PackingList, named: Sequence[str], things: Sequence[Thing]) -> dict[str, Any]:
    from ledger.custody.codes import product_of
    from ledger.custody.kinds.base import thing_uri
    from trace_cli.dock.declared import DeclaredList

    matched: list[str] = []
    unexpected: list[str] = []
    duplicates: list[str] = []
    differs: list[dict[str, str]] = []
    seen: set[str] = set()
    for text, thing in zip(named, things, strict=True):
        uri = thing_uri(thing.uri)
        if uri in seen and not thing.is_class:
            duplicates.append(uri)
            continue
        seen.add(uri)
        place = packing.add(uri, product_of(uri), thing.quantity or Decimal(1))
        (unexpected if place in ("extra", "over") else matched).append(uri)
        label = site.codes.label(text)
        if label is not None and isinstance(packing, DeclaredList):
            found = packing.differs(uri, label.lot, label.expiry)
            differs += [{"item": uri, **found}] if found else []
    declared = packing if isinstance(packing, DeclaredList) else None
    return {
        "matched": list(dict.fromkeys(matched)),
        "inferred": declared.inferred() if declared else [],
        "missing": [{"item": uri, "quantity": amount} for uri, amount in packing.missing()],
        "unexpected": unexpected,
        "differs": differs,
        "duplicates": duplicates + [uri for uri in (declared.delivery.twice if declared else ()) if uri in seen],
    }


def _facts(packing: PackingList, expect: Path) -> dict[str, Any]:
    from trace_cli.dock.declared import DeclaredList

    if isinstance(packing, DeclaredList):
        return packing.facts()
    return {"file": expect.name, "verified": False, "units": len(packing.expected)}


def _record(site: Site, statement: Any, event: dict[str, Any], said: Circumstances, by: str | None) -> int | None:
    """Record it; what was received here before (a document that is shown again) is refused."""
    from trace_cli.capture import record_events
    from trace_cli.refusals import make_guard, plan

    planned = [one._replace(once=True) for one in plan(statement)]
    with site.recording() as recorder:
        guard = None if said.anyway else make_guard(site.codes, recorder, planned)
        outcome = record_events(
            recorder, [event], by=site.operator(by), via="typed", guard=guard, refuse_held=guard is not None
        )
    return outcome.seqs[0]


def _told(site: Site, match: dict[str, Any]) -> str:
    short = site.codes.short
    parts = [f"{short(one)} is not expected" for one in match["unexpected"]]
    parts += [f"{short(one)} comes twice" for one in match["duplicates"]]
    parts += [
        f"{short(one['item'])}: the label states {one['field']} {one['label']}, declared is {one['declared']}"
        for one in match["differs"]
    ]
    return "; ".join(parts[:_SHOWN]) + (f"; and {len(parts) - _SHOWN} more" if len(parts) > _SHOWN else "")


def _tell(site: Site, answer: dict[str, Any], match: dict[str, Any], *, as_json: bool) -> None:
    from ledger.custody.kinds.base import thing_uri
    from trace_cli.formats.answer import note, say, write_json

    if as_json:
        write_json(answer)
        return
    short, expected = site.codes.short, answer["expected"]
    for found in answer["recorded"]:
        say(f"OK  receiving  entry {found['seq']}  {found['event_id']}")
    if not answer["recorded"]:
        say("would be OK  receiving  nothing was recorded (--dry-run)")
    sender = short(thing_uri(expected.get("declared_by") or "") or "the sender")
    say(f"Held against {expected['file']}: declared by {sender}, not verified")
    if statement := expected.get("statement"):
        affirmed = statement.get("affirmTransactionStatement", "").lower() in ("true", "1")
        say(f"  transaction statement {'affirmed' if affirmed else 'NOT affirmed'} by the sender")
    if documents := expected.get("documents"):
        say(f"  {', '.join(map(short, documents[:_SHOWN]))}")
    inside = f", {counted(len(match['inferred']), 'unit')} inside of them not scanned" if match["inferred"] else ""
    say(f"  {len(match['matched'])} matched{inside}, {len(match['missing'])} missing")
    for one in match["missing"][:_SHOWN]:
        say(f"  - missing  {short(one['item'])}  {one['quantity']:f}")
    if len(match["missing"]) > _SHOWN:
        say(f"  and {len(match['missing']) - _SHOWN} more (--json)")
    if told := _told(site, match):
        note(f"warning: recorded all the same: {told}")
