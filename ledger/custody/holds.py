"""Which things are on hold: a lot, or a single thing, that must not be passed on.

A hold is an event (CBV 2.0 section 7.1, step `holding`) with a persistent disposition, which stays until it is
unset (EPCIS 2.0 section 7.3.5.6): `recalled` for a recall, `unavailable` for anything else that keeps goods from
use. An event of others with the step `holding` and one of these as its disposition holds as well. Unsetting
releases.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ledger.chain.errors import Refused
from ledger.custody import vocabulary

RECALLED: Final = "recalled"
UNAVAILABLE: Final = "unavailable"
HOLDING: Final = frozenset({RECALLED, UNAVAILABLE})
STEP: Final = "holding"
RELEASE_STEP: Final = "other"
PERSISTENT: Final = "persistentDisposition"
NO_WORDS: Final[tuple[frozenset[str], frozenset[str]]] = (frozenset(), frozenset())

# What passes goods on, or uses them up.
_PASSING_ON: Final = (
    vocabulary.GIVING_STEPS | vocabulary.PACKING_STEPS | {"retail_selling", "dispensing", "picking"}
)
# With these dispositions goods may move even so: to be returned, or destroyed.
_GOING_BACK: Final = frozenset(
    """
    recalled unavailable returned damaged disposed destroyed expired non_conformant non_sellable_other
    needs_replacement
    """.split()
)


def hold_words(body: Mapping[str, Any]) -> tuple[frozenset[str], frozenset[str]]:
    """Say which holds an event sets, and which it lifts."""
    persistent = body.get(PERSISTENT)
    if persistent is None and body.get("disposition") is None:
        return NO_WORDS
    sets: set[str] = set()
    lifts: set[str] = set()
    if isinstance(persistent, Mapping):
        sets |= _words(persistent.get("set"))
        lifts |= _words(persistent.get("unset"))
    if body.get("disposition") is not None and _word("step", body.get("bizStep")) == STEP and not lifts:
        sets |= _words([body["disposition"]])
    return frozenset(sets), frozenset(lifts - sets)


def passes_on(body: Mapping[str, Any], role: str) -> bool:
    """Tell whether an event passes a thing on or uses it up, and not only to get it back or to destroy it.

    Args:
        body: The event.
        role: In which list it names the thing (`Mention.role`).
    """
    if _word("disposition", body.get("disposition")) in _GOING_BACK:
        return False
    return role == "input" or _word("step", body.get("bizStep")) in _PASSING_ON


def _words(found: Any) -> set[str]:
    values: Iterable[Any] = found if isinstance(found, list) else ()
    return {word for value in values if (word := _word("disposition", value)) in HOLDING}


def _word(kind: vocabulary.Vocabulary, value: Any) -> str:
    if type(value) is not str:
        return ""
    try:
        return vocabulary.word(kind, value)
    except Refused:
        return value
