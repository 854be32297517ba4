"""What is in a container at a time, at any depth."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.custody.index import roles
from ledger.custody.index.lookup import Lookup, WrongIndexError
from ledger.custody.provenance.source import Elsewhere, Source
from ledger.custody.provenance.stays import Stay, stays_in


@dataclass(frozen=True)
class Contents:
    """What is inside: stays that are open at the time, `held` of each still there; outer before inner."""

    container: str
    held: tuple[Stay, ...]
    source: Source
    elsewhere: Elsewhere


def contents(lookup: Lookup, container: str, time: int | None = None) -> Contents:
    """List what is in a container.

    Args:
        lookup: The index and the reader of one snapshot.
        container: The container.
        time: At which moment [us since the epoch]; None: now, after all that was recorded.

    Raises:
        Untrue: An event that the answer needs does not hold.
    """
    try:
        return _contents(Source(lookup), container, time)
    except WrongIndexError as error:
        lookup.distrust(str(error))
        return _contents(Source(lookup), container, time)


def _contents(source: Source, container: str, time: int | None) -> Contents:
    held: list[Stay] = []
    waiting, done = [container], {container}
    while waiting:
        source.load(waiting, roles.PARENT | roles.EMPTIED)
        found = [stay for uri in waiting for stay in _inside(source, uri, time)]
        held += found
        waiting = [uri for uri in dict.fromkeys(stay.child for stay in found) if uri not in done]
        done.update(waiting)
    return Contents(container, tuple(held), source, source.look_elsewhere())


def _inside(source: Source, container: str, time: int | None) -> list[Stay]:
    records = source.of(container, roles.PARENT | roles.EMPTIED)
    if time is not None:
        records = [record for record in records if record.facts.time <= time]
    return [stay for stay in stays_in(container, records).found if stay.is_open and stay.via == "aggregation"]
