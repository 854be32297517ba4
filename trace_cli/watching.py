"""Watch a ledger: what every look adds is verified first, then held against what is usual; new warnings are told.

What a look costs grows with what is new. The things that new entries touch are judged beside a sample of others
(`REFERENCE`) and the things of their lots, not beside the whole history. Once in a period of the ledger's time
everything is judged together: that finds what only shows in the whole, such as the clock or the queue of a site.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from trace_cli.context import Site
    from trace_cli.following import Update
    from trace_cli.progress import Progress

SCHEMA: Final = "trace.watch/1"
REFERENCE: Final = 2_000
_MATES: Final = 2_000
_AGAIN: Final = 256
Line = dict[str, Any]


@dataclass(frozen=True)
class Wishes:
    """What calls for a warning: the bound of false alarms, how likely late [0, 1], how likely a queue [0, 1]."""

    alpha: float = 0.01
    late: float = 0.8
    queue: float = 0.5
    period: str = "D"


@dataclass
class Told:
    """What was told already, so that it is not told again."""

    findings: set[str] = field(default_factory=set)
    late: set[str] = field(default_factory=set)
    queues: set[str] = field(default_factory=set)


class Watcher:
    """Follows one ledger.

    Args:
        site: Whose ledger.
        wishes: What calls for a warning.
        told: What was told in an earlier run; it is added to.
        progress: Told how far the first verification is.

    Raises:
        CommandError: The history does not hold (exit 3).
    """

    def __init__(self, site: Site, wishes: Wishes, told: Told, *, progress: Progress) -> None:
        from trace_cli.following import FollowedLedger

        self._site, self._wishes, self._told = site, wishes, told
        self._ledger = FollowedLedger(site, schema=SCHEMA, progress=progress)
        self._usual: deque[str] = deque(maxlen=REFERENCE)
        self._lots: dict[str, list[str]] = {}
        self._open: dict[str, tuple[float, Line]] = {}
        self._due: list[tuple[float, str]] = []
        self._master: tuple[Any, Any] | None = None
        self._period = ""
        self._turn = 0

    @property
    def size(self) -> int:
        """Count the entries that were seen."""
        return self._ledger.size

    def begin(self, since: int) -> list[Line]:
        """Judge everything, and give what rests on entries from `since` on; the rest is taken as known."""
        if not self._ledger.latest:
            return []
        events = self._ledger.events()
        for item in events.sort_values("seq", kind="stable")["item"].dropna().drop_duplicates(keep="last"):
            self._usual.append(item)
        self._learn_lots(events)
        # What was late already is taken as known, too.
        return [line for line in self._whole(events, since) if line["type"] != "late" or line["seq"] >= since]

    def look(self) -> tuple[Update | None, list[Line]]:
        """Verify and judge what came since the last look.

        Raises:
            CommandError, Untrue: The history does not hold any more (exit 3).
        """
        update = self._ledger.look()
        if update is None:
            self._look_again()
            return None, []
        if not update.events:
            self._master = None  # what is no event may be master data
            return update, []
        if update.size - update.first > len(update.events):
            self._master = None
        if self._period_now() != self._period:
            self._learn_lots(self._ledger.events_on(update.things))
            return update, self._whole(self._ledger.events(), update.first)
        touched = set(update.things)
        rows = self._ledger.events_on(update.things)
        self._learn_lots(rows)
        lots = set(rows["lot"].dropna()) if "lot" in rows else set()
        beside = {mate for lot in sorted(lots) for mate in self._lots.get(lot, ())[:_MATES]}
        things = frozenset(touched | beside | set(self._usual))
        events = self._ledger.events_on(things)
        lines = self._alarms(events, lambda one: one["item"] in touched, things)
        lines += self._late(events, touched)
        self._usual.extend(sorted(touched - {line["item"] for line in lines if line["type"] == "alarm"}))
        return update, lines

    def _look_again(self) -> None:
        """Prove some of the old entries once more while nothing is new, by turns."""

        site, size = self._site, self._ledger.size
        with site.proving() as (_, reader):
            # A ledger that was replaced by a shorter one this very moment is for the next look.
            for seq in range(self._turn, min(self._turn + _AGAIN, size, reader.size)):
                reader.proven_bytes(seq)
        self._turn = self._turn + _AGAIN if self._turn + _AGAIN < size else 0

    def _whole(self, events: Any, since: int) -> list[Line]:
        self._period = self._period_now()
        lines = self._alarms(events, lambda one: max(one["seqs"], default=-1) >= since, None)
        lines += self._late(events, None)
        queues = self._queues(events)
        return lines + (queues if since < self.size else [])

    def _learn_lots(self, events: Any) -> None:
        if "lot" not in events:
            return
        pairs = events[["lot", "item"]].dropna().drop_duplicates()
        for lot, item in zip(pairs["lot"], pairs["item"], strict=True):
            mates = self._lots.setdefault(lot, [])
            if len(mates) < _MATES and item not in mates[-1:]:
                mates.append(item)

    def _alarms(self, events: Any, wanted: Callable[[Any], bool], things: frozenset[str] | None) -> list[Line]:
        """Give the new alarms among events on some things; None: on all, and on sites, parties and sensors too."""
        from forecasting.detectors.alarms import anomalies
        from ledger.custody.cases import judged_findings
        from trace_cli.anomaly_run import operators
        from trace_cli.reports.anomalies import alarm_answers

        items_only = things is not None
        recorded = self._ledger.recorded_on(things)
        with self._proving() as (leaves, cases, (places, lots)):
            dismissed, confirmed = judged_findings(cases.values())
            table = anomalies(
                events,
                places=places,
                products=lots,
                entries=operators(recorded),
                readings=self._ledger.readings(recorded),
                alpha=self._wishes.alpha,
                leaves=leaves,
                dismissed=dismissed,
                confirmed=confirmed,
            )
        rows = _rows(table)
        if items_only and "about" in table:
            rows = [row for row in rows if row["about"] == "item"]
        fresh = [row for row in rows if row["finding"] not in self._told.findings]
        self._told.findings.update(row["finding"] for row in rows if not items_only or wanted(row))
        found = [row for row in fresh if wanted(row)]
        return [{"schema": SCHEMA, "type": "alarm", **one} for one in alarm_answers(found, self._site.codes)]

    def _late(self, events: Any, touched: set[str] | None) -> list[Line]:
        """Tell what will probably be late, and what is: promised for a time that has passed meanwhile."""
        from forecasting.errors import NotEnoughHistory
        from forecasting.flow.under_way import shipments_under_way
        from ledger.custody.times import from_micros
        from trace_cli.reports.eta import shipment_answers

        moment = from_micros(self._ledger.latest)
        try:
            shipments = shipment_answers(_rows(shipments_under_way(events, as_of=moment)))
        except NotEnoughHistory:
            shipments = []
        if touched is None:
            self._open.clear()
            self._due.clear()
        else:
            shipments = [one for one in shipments if one["item"] in touched]
            self._open = {key: one for key, one in self._open.items() if one[1]["item"] not in touched}
        lines = []
        for one in shipments:
            key = f"{one['item']} {one['seq']}"
            line = {"schema": SCHEMA, "type": "late", **one}
            if one["promised"] is not None:
                due = _seconds(one["promised"])
                self._open[key] = due, line
                heapq.heappush(self._due, (due, key))
            if (one["late_probability"] or 0) >= self._wishes.late:
                lines += self._tell_late(key, line)
        while self._due and self._due[0][0] < moment.timestamp():
            due, key = heapq.heappop(self._due)
            if key in self._open and self._open[key][0] == due:
                lines += self._tell_late(key, {**self._open[key][1], "late_probability": 1.0})
        return lines

    def _tell_late(self, key: str, line: Line) -> list[Line]:
        if key in self._told.late:
            return []
        self._told.late.add(key)
        return [line]

    def _queues(self, events: Any) -> list[Line]:
        from forecasting.errors import NotEnoughHistory
        from forecasting.flow.bottlenecks import bottlenecks
        from forecasting.tables import visits_table
        from ledger.custody.times import from_micros
        from trace_cli.reports.bottlenecks import site_answers

        moment = from_micros(self._ledger.latest)
        try:
            table = bottlenecks(visits_table(events), as_of=moment, period=self._wishes.period)
        except NotEnoughHistory:
            return []
        lines = []
        for one in site_answers(_rows(table)):
            key = f"{one['place']} {self._period}"
            if (one["alarm_probability"] or 0) >= self._wishes.queue and key not in self._told.queues:
                self._told.queues.add(key)
                lines.append({"schema": SCHEMA, "type": "bottleneck", "period": self._period, **one})
        return lines

    def _period_now(self) -> str:
        from forecasting.flow.bottlenecks import find_periods
        from ledger.custody.times import from_micros
        from trace_cli.prediction import moment_text

        return moment_text(find_periods(from_micros(self._ledger.latest), self._wishes.period).ahead_start)

    @contextmanager
    def _proving(self) -> Iterator[tuple[Callable[[int], bytes], dict[int, Any], tuple[Any, Any]]]:
        """Give the leaf hashes of entries, each proven up to the signed root, the cases, and master data."""
        from ledger.chain.hashing import leaf_hash
        from ledger.custody.index.lookup import Lookup
        from ledger.custody.known_sizes import known_places_and_lots
        from trace_cli.anomaly_run import known_tables
        from trace_cli.cases import find_cases

        site = self._site
        with site.proving() as (view, reader):
            lookup = Lookup(view, reader)
            if self._master is None:
                entries = lookup.entries_of_kind("master")
                self._master = known_tables(*known_places_and_lots(entries, self._ledger.size))
            yield lambda seq: leaf_hash(reader.proven_bytes(seq)), find_cases(lookup), self._master


def _rows(table: Any) -> list[Line]:
    return [dict(row) for row in table.to_dict("records")]


def _seconds(text: str) -> float:
    from ledger.custody.times import read_time

    return read_time(text).timestamp()
