"""What was passed over on the word of the index, held against the log: rows that no entry bears out, containers
that are others, emptyings and takings-out that never were or do not count.

`source` looks for what the index leaves out. Here it is asked of what it adds, because an emptying that never was
makes a stay end before it matters, and what the stay leads to is missed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from ledger.custody.corrections import Withdrawn
from ledger.custody.index.lookup import Lookup, WrongIndexError
from ledger.custody.index.read import Packed, Row
from ledger.custody.index.roles import CHILD, OUT, TIED
from ledger.custody.provenance.record import Record, make_record

_MICROS = 1_000_000


class Named(NamedTuple):
    """An entry, its time [s], what it names and as what, and the container that it puts things into."""

    seq: int
    time: int
    roles: Mapping[str, int]
    container: str | None


class PassedOver:
    """Checks of one answer.

    Args:
        lookup: The index.
        declarations: The error declarations that were met in the log.
        untrue: Entries that do not hold, which is told already.
    """

    def __init__(self, lookup: Lookup, declarations: Iterable[Record], untrue: Collection[int]) -> None:
        self._lookup = lookup
        self._untrue = frozenset(untrue)
        self._records: dict[int, Record | None] = {}
        self._declared = Withdrawn()
        for record in declarations:
            self._declared.add(record.facts, record.via)

    def check_rows(self, uri: str, rows: Iterable[Row]) -> None:
        """Hold rows of a thing against the entries that they name.

        Raises:
            WrongIndexError: An entry does not bear one out, or a taking-out counts that was withdrawn.
            Untrue: An entry does not hold.
        """
        rows = [row for row in rows if row.seq not in self._untrue]
        self._read({row.seq for row in rows})
        for row in rows:
            self._check(uri, row)
        out = [row.seq for row in rows if row.role & OUT]
        self._check_standing(set(out) - self._lookup.withdrawn_among(out) if out else ())

    def check_containers(self, packed: Mapping[Packed, str]) -> None:
        """Hold what is said to empty containers, after something went into them, against the log.

        Args:
            packed: By what the index knows of a packing, the container.

        Raises:
            As `check_rows`.
        """
        found = self._lookup.emptied_after(list(packed)) if packed else {}
        ends = [(packed[one], row) for one, rows in found.items() for row in rows if row.seq not in self._untrue]
        self._read({row.seq for _, row in ends})
        for container, row in ends:
            self._check(container, row)
        self._check_standing({row.seq for _, row in ends})

    def _read(self, seqs: Collection[int]) -> None:
        size = self._lookup.reader.size
        fresh = sorted(seq for seq in set(seqs) - self._records.keys() if 0 <= seq < size)
        for seq, data in self._lookup.proven(fresh):
            self._records[seq] = make_record(seq, data, self._lookup)

    def _check(self, uri: str, row: Row) -> None:
        record = self._records.get(row.seq)
        if record is None or record.roles.get(uri) != row.role or record.facts.time // _MICROS != row.time:
            raise WrongIndexError(f"the index is wrong: entry {row.seq} does not name {uri} as it says")

    def _check_standing(self, seqs: Iterable[int]) -> None:
        for seq in seqs:
            record = self._records[seq]
            if record is not None and not record.facts.withdraws and self._declared.has(record.facts, record.via):
                raise WrongIndexError(f"the index is wrong: it counts entry {seq}, which was withdrawn")


def packings(named: Iterable[Named], loaded: Mapping[str, int]) -> list[tuple[Named, int]]:
    """List which entries put things that matter into containers, with the bit that tells whether they are tied."""
    return [
        (one, role & TIED)
        for one in named
        if one.container is not None
        for uri, role in one.roles.items()
        if role & CHILD and not role & OUT and role & loaded.get(uri, 0)
    ]
