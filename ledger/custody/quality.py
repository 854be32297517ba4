"""How good the record of a thing is: a score of five parts, and for each loss the record and what mends it.

A part is the share of its checks that hold [0 to 1]; a part without a check says nothing and does not count. The
score is the mean of the parts, times 100. It measures the record, not the goods.

========== ==============================================================================================
complete   every event says place, step and party or document where goods change hands; both sides of a hand-over
timely     every event was recorded within `LATE` of its time
linked     every thing comes from somewhere, every transformation has two sides, every packing pairs
balanced   no more came out of a transformation than went in, and the two sides can be compared
signed     every event is proven up to the signed head, and the head is held against one that was seen before
========== ==============================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ledger.chain.entry import IMPORTED
from ledger.custody.provenance.answer import Answer
from ledger.custody.provenance.gaps import Gap
from ledger.custody.provenance.record import Record
from ledger.custody.times import from_micros, micros
from ledger.custody.vocabulary import GIVING_STEPS, TAKING_STEPS

LATE: Final = 24 * 3600 * 1_000_000  # [us]
PARTS: Final = ("complete", "timely", "linked", "balanced", "signed")
_PART_OF_GAP: Final = {"not_received": "complete", "not_shipped": "complete", "out_of_nothing": "balanced"}
Short = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Loss:
    """One check that does not hold: of which part, by which entries, and what mends it."""

    part: str
    seqs: tuple[int, ...]
    message: str
    command: str


@dataclass(frozen=True)
class Quality:
    """The score [0 to 100], its parts (share of checks that hold; None: nothing to check), and every loss."""

    score: float
    parts: dict[str, float | None]
    losses: tuple[Loss, ...]


def judge_quality(
    answers: Iterable[Answer], recorded: Callable[[int], tuple[str, str]], *, pinned: bool, short: Short
) -> Quality:
    """Judge the record of a thing by what was found going back and going forward from it.

    Args:
        answers: What was found; every event in them was proven.
        recorded: Gives for an entry when the ledger took it in, and how (``via``).
        pinned: The head was held against one that this machine saw before.
        short: Writes a URI as people type it.
    """
    found = list(answers)
    records = {seq: record for answer in found for seq, record in answer.graph.source.records.items()}
    records = {seq: records[seq] for answer in found for seq in answer.seqs if seq in records}
    counts = dict.fromkeys(PARTS, 0)
    losses: list[Loss] = []
    for record in records.values():
        counts["complete"] += 1
        losses += _incomplete(record, short)
        counts["timely"] += 1
        losses += _late(record, *recorded(record.seq), short)
        counts["signed"] += 1
    for answer in found:
        counts["linked"] += len(answer.nodes)
        counts["balanced"] += len(answer.balance)
        losses += (_from_gap(gap, records, short) for gap in answer.gaps)
        for line in answer.balance:
            if line.difference is None:
                told = f"inputs and outputs of the transformation of entry {line.seq} cannot be compared"
                command = f"trace correct {line.seq}, with quantities in one unit on both sides"
                losses.append(Loss("balanced", line.seqs, told, command))
    if not pinned:
        told = "the head rests on its own signature only: this machine saw none before"
        losses.append(Loss("signed", (), told, "trace verify"))
        counts["signed"] += 1
    losses = list(dict.fromkeys(losses))
    parts = {part: _share(part, counts[part], losses) for part in PARTS}
    told_parts = [share for share in parts.values() if share is not None]
    score = 100 * sum(told_parts) / len(told_parts) if told_parts else 0.0
    order = {part: at for at, part in enumerate(PARTS)}
    return Quality(round(score, 1), parts, tuple(sorted(losses, key=lambda one: (order[one.part], one.seqs))))


def _share(part: str, count: int, losses: list[Loss]) -> float | None:
    """Give the share of checks that hold; several losses of one entry count once."""
    bad = {loss.seqs or (loss.message,) for loss in losses if loss.part == part}
    if not count and not bad:
        return None
    return round(max(0.0, 1 - len(bad) / max(count, len(bad))), 4)


def _incomplete(record: Record, short: Short) -> Iterator[Loss]:
    facts = record.facts
    absent = []
    if facts.place is None and facts.step not in ("decommissioning", "destroying"):
        absent.append("no place (--place)")
    if facts.step is None:
        absent.append("no step (--step)")
    if facts.step in GIVING_STEPS and not (facts.destination or _has_party(record, "destination")):
        absent.append("no destination (--to)")
    if facts.step in TAKING_STEPS and not (facts.source or _has_party(record, "source")):
        absent.append("no source (--from)")
    if facts.step in GIVING_STEPS | TAKING_STEPS and facts.document is None:
        absent.append("no document (--document)")
    if absent:
        step = short(facts.step).rsplit("/", 1)[-1] if facts.step else facts.kind
        told = f"entry {record.seq} ({step}) has {', '.join(absent)}"
        yield Loss("complete", (record.seq,), told, f"trace correct {record.seq}, with what is absent")


def _has_party(record: Record, side: str) -> bool:
    return any(role.startswith(f"{side}:") for role, _ in record.facts.parties)


def _late(record: Record, rec: str, via: str, short: Short) -> Iterator[Loss]:
    facts = record.facts
    if via == IMPORTED:
        known = facts.time if facts.recorded is None else facts.recorded
    else:
        known = micros(datetime.fromisoformat(rec))
    if known - facts.time > LATE:
        hours = (known - facts.time) // 3_600_000_000
        place = f" --place {short(facts.place)}" if facts.place else ""
        step = f" --step {facts.step}" if facts.step else ""
        told = (
            f"entry {record.seq} was recorded {hours} hours after it happened ({from_micros(facts.time):%Y-%m-%d})"
        )
        yield Loss("timely", (record.seq,), told, f"record where it happens from now on: trace scan{step}{place}")


def _from_gap(gap: Gap, records: dict[int, Record], short: Short) -> Loss:
    """Say with which command the record that a gap asks for is made."""
    name = short(gap.item)
    item = gap.item if name.startswith("(") else _typed(name)  # a GS1 key is typed as its URI
    last = records.get(gap.seqs[-1]) if gap.seqs else None
    first = records.get(gap.seqs[0]) if gap.seqs else None
    place = short(last.facts.place) if last and last.facts.place else "PLACE"
    before = short(first.facts.place) if first and first.facts.place else "PLACE"
    commands = {
        "not_received": f"trace receive {item} --place {_typed(place)} --from {_typed(before)} --at TIME",
        "not_shipped": f"trace ship {item} --place {_typed(before)} --to {_typed(place)} --at TIME",
        "no_origin": f"trace record {item} --step commissioning --place {_typed(place)} --at TIME",
        "not_packed": f"trace pack {item} --into CONTAINER --place {_typed(place)} --at TIME",
        "two_places": f"trace unpack CONTAINER {item} --place {_typed(place)} --at TIME",
        "one_sided": "trace transform --input THING=QUANTITY --out THING=QUANTITY --at TIME",
    }
    seq = gap.seqs[0] if gap.seqs else "EVENT"
    command = commands.get(gap.kind, f"trace correct {seq}: {gap.remedy}")
    return Loss(_PART_OF_GAP.get(gap.kind, "linked"), gap.seqs, gap.message, command)


def _typed(code: str) -> str:
    """Quote a code where a shell would part it."""
    plain = all(char.isalnum() or char in "-._:/%+=@," for char in code)
    return code if plain else "'" + code.replace("'", "'\\''") + "'"
