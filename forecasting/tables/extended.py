# SPDX-License-Identifier: Apache-2.0
"""Recorded events that grow, and what is asked about single things, at a cost that does not grow with the rest.

Parts are kept apart and joined when the later one has become as long as the earlier (each event is copied a
logarithmic number of times); each part has an index from things to the events that name them.
"""

from collections.abc import Iterable
from functools import cached_property

import numpy as np
import pandas as pd

from forecasting.tables.known import find_declarations, known_events
from forecasting.tables.recorded import CHILD, Indices, RecordedEvents, by_number, join_recorded, take_events
from ledger.custody.corrections import Corrections


class _Part:
    """A part of a history with its indexes, each made when it is first asked."""

    def __init__(self, recorded: RecordedEvents) -> None:
        self.recorded = recorded

    @cached_property
    def _things(self) -> tuple[dict[str, int], Indices, Indices]:
        """Number the things; their events are a run of the second array that begins where the third says."""
        code, things = pd.factorize(self.recorded.item)
        order = np.argsort(code, kind="stable")
        starts = np.searchsorted(code[order], np.arange(len(things) + 1))
        return {thing: at for at, thing in enumerate(things.tolist())}, self.recorded.owner[order], starts

    @cached_property
    def _numbered(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for at, event_id in enumerate(self.recorded.event_id.tolist()):
            found.setdefault(event_id, []).append(at)
        return found

    def naming(self, thing: str) -> list[int]:
        """List the events that name a thing."""
        numbers, events, starts = self._things
        at = numbers.get(thing)
        return [] if at is None else events[starts[at] : starts[at + 1]].tolist()

    def called(self, event_id: str) -> list[int]:
        """List the events of an eventID."""
        return self._numbered.get(event_id, [])


class GrowingHistory:
    """Recorded events to which later ones are added.

    Args:
        recorded: what there is to begin with.
    """

    def __init__(self, recorded: RecordedEvents) -> None:
        self._parts = [_Part(recorded)]
        self._declarations = recorded
        self._corrections = find_declarations(recorded)

    def __len__(self) -> int:
        """Count the events."""
        return sum(len(part.recorded) for part in self._parts)

    def extend(self, recorded: RecordedEvents) -> frozenset[str]:
        """Add events.

        Args:
            recorded: events of later numbers than all before.

        Returns:
            The things of which anything may be told otherwise now: those that the new events name, or that are or
            were in containers that these name, and the same for events that the new ones withdraw or replace.
        """
        if not len(recorded):
            return frozenset()
        self._parts.append(_Part(recorded))
        while len(self._parts) > 2 and len(self._parts[-1].recorded) >= len(self._parts[-2].recorded):
            last = self._parts.pop().recorded
            self._parts[-1] = _Part(join_recorded([self._parts[-1].recorded, last]))
        things = set(recorded.item.tolist())
        withdrawing = np.flatnonzero(recorded.withdraws)
        if len(withdrawing):
            fresh = take_events(recorded, withdrawing)
            known = take_events(self._declarations, np.flatnonzero(self._declarations.withdraws))
            self._declarations = join_recorded([known, fresh])
            self._corrections = find_declarations(self._declarations)
            named = {*fresh.event_id.tolist(), *fresh.corrective.tolist()}
            for part in self._parts:
                rows = [row for event_id in named for row in part.called(event_id)]
                things.update(take_events(part.recorded, np.array(rows, dtype=np.int64)).item.tolist())
        return frozenset(self._with_contents(things))

    @property
    def corrections(self) -> Corrections:
        """Give the error declarations among all events."""
        return self._corrections

    def whole(self) -> RecordedEvents:
        """Give all events as one."""
        self._parts = (
            [_Part(join_recorded([part.recorded for part in self._parts]))]
            if len(self._parts) > 1
            else self._parts
        )
        return self._parts[0].recorded

    def events(self, *, as_of: int | None = None) -> pd.DataFrame:
        """Build the whole events table of what was known at a moment (`known_events`)."""
        return known_events(self.whole(), as_of=as_of, corrections=self._corrections)

    def events_on(self, things: Iterable[str], *, as_of: int | None = None) -> pd.DataFrame:
        """Build the rows of some things in the events table.

        Args:
            things: URIs.
            as_of: [us since 1970-01-01 UTC]; None: everything.

        Returns:
            The rows that `events` has for them, in the same order. The cost is that of these things and of the
            containers that they were in.
        """
        wanted = set(things)
        table = known_events(self._on(self._with_containers(wanted)), as_of=as_of, corrections=self._corrections)
        return table[table["item"].isin(wanted)].reset_index(drop=True)

    def recorded_on(self, things: Iterable[str]) -> RecordedEvents:
        """Take the events that name any of some things, or what these were in."""
        return self._on(self._with_containers(set(things)))

    def _on(self, things: Iterable[str]) -> RecordedEvents:
        """Take the events that name any of some things."""
        asked = sorted(things)
        taken = []
        for part in self._parts:
            rows = sorted({row for thing in asked for row in part.naming(thing)})
            taken.append(take_events(part.recorded, np.array(rows, dtype=np.int64)))
        return by_number(join_recorded(taken))

    def _with_containers(self, things: set[str]) -> set[str]:
        """Add the containers that things were ever in, and the containers of these."""
        return self._closed(things, upward=True)

    def _with_contents(self, things: set[str]) -> set[str]:
        """Add what was ever in things, and in that."""
        return self._closed(things, upward=False)

    def _closed(self, things: set[str], *, upward: bool) -> set[str]:
        found, waiting = set(things), set(things)
        while waiting:
            events = self._on(waiting)
            packs = np.flatnonzero((events.kind == "AggregationEvent") & pd.notna(events.container))
            packed = take_events(events, packs)
            child = packed.role == CHILD
            inside, holding = packed.item[child], packed.container[packed.owner[child]]
            asked, given = (inside, holding) if upward else (holding, inside)
            near = set(given[pd.Series(asked, dtype=object).isin(waiting).to_numpy(dtype=bool)].tolist())
            waiting = near - found
            found |= waiting
        return found
