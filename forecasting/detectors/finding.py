# SPDX-License-Identifier: Apache-2.0
"""The name of a finding, and what people decided about findings.

A finding is named by its rule, its item and the leaf hashes of the entries that say so: it has the same name
whenever the same entries raise the same alarm, and another one when any byte of them is another.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, combinations, islice

from forecasting.detectors.history import Floats

Leaves = Callable[[int], bytes]
"""Gives the leaf hash of an entry (RFC 6962, section 2.1) by its number."""

_ALL = 14  # entries, 16,384 names, a tenth of a second
_TRIED = 50_000
_DIGITS = 32  # of the digest [hexadecimal]
_DOMAIN = "trace finding/1"
SILENCED = 3  # dismissals of a rule, none confirmed, from which on its p-value is what was measured


def finding_id(kind: str, item: str, leaves: Sequence[bytes]) -> str:
    """Name a finding.

    Args:
        kind: of its alarm.
        item: what it is about.
        leaves: leaf hashes of the entries that say so, in any order.

    Returns:
        ``kind:`` and 32 hexadecimal digits of SHA-256 over the three.
    """
    digest = sha256("\n".join((_DOMAIN, kind, item, "")).encode())
    for leaf in sorted(set(leaves)):
        digest.update(sha256(leaf).digest())
    return f"{kind}:{digest.hexdigest()[:_DIGITS]}"


def entries_of_finding(finding: str, item: str, leaves: Mapping[int, bytes]) -> tuple[int, ...] | None:
    """Find the entries that a finding about an item names, among those that are known of that item.

    A name cannot be read backwards, but few entries can be behind it: all subsets of up to `_ALL` are tried;
    of more, the runs of neighbours and every one, two or three of them, while these are not more than `_TRIED`.

    Args:
        finding: its name.
        item: what it should be about.
        leaves: leaf hashes of the entries on the item, by number.

    Returns:
        Their numbers; None: no such entries were found, so it is about something else, or names others, too.
    """
    kind = finding.partition(":")[0]
    by_leaf = {leaf: seq for seq, leaf in leaves.items()}
    ordered = sorted(by_leaf)
    in_time = [leaves[seq] for seq in sorted(by_leaf.values())]
    if len(ordered) <= _ALL:
        tried: Iterable[Sequence[bytes]] = chain.from_iterable(
            combinations(ordered, width) for width in range(1, len(ordered) + 1)
        )
    else:
        runs = (in_time[first:stop] for stop in range(len(in_time) + 1) for first in range(stop))
        few = chain.from_iterable(combinations(ordered, width) for width in (1, 2, 3))
        tried = chain(islice(runs, _TRIED), islice(few, _TRIED))
    for some in tried:
        if finding_id(kind, item, some) == finding:
            return tuple(sorted(by_leaf[leaf] for leaf in some))
    return None


def numbered_leaf(seq: int) -> bytes:
    """Stand in for the leaf hash of an entry where only its number is known."""
    return f"entry {seq}".encode()


@dataclass(frozen=True)
class Judged:
    """What people decided.

    Attributes:
        dismissed: names of findings that were looked at and are nothing: they never come back.
        confirmed: names of findings that are what they look like: their items say nothing of what is usual.
    """

    dismissed: frozenset[str] = frozenset()
    confirmed: frozenset[str] = frozenset()

    @classmethod
    def of(cls, dismissed: Collection[str], confirmed: Collection[str]) -> "Judged":
        """Take names; what is both dismissed and confirmed is confirmed."""
        return cls(frozenset(dismissed) - frozenset(confirmed), frozenset(confirmed))

    def __bool__(self) -> bool:
        """Tell whether anything was decided."""
        return bool(self.dismissed or self.confirmed)

    def counts(self, kind: str) -> tuple[int, int]:
        """Count dismissed and confirmed findings of a kind."""
        told = [
            Counter(name.partition(":")[0] for name in names)[kind] for names in (self.dismissed, self.confirmed)
        ]
        return told[0], told[1]

    def rule_p(self, kind: str, p_value: Floats, items: int) -> Floats:
        """Give the p-values of a rule: the share of honest items that broke it, where that was measured.

        A rule is a contradiction until `SILENCED` of its findings were dismissed and none confirmed. From then on
        as many of the items as were dismissed are known to be honest and to break it, which is what a p-value is.
        """
        dismissed, confirmed = self.counts(kind)
        if dismissed < SILENCED or confirmed or not items:
            return p_value
        return p_value.clip(min=min(1.0, dismissed / items))

    def weights(self, base: dict[str, float]) -> dict[str, float]:
        """Shift weights towards the detectors of which more findings were confirmed than dismissed.

        Each is multiplied by (1 + confirmed) / (1 + dismissed), a prior as in Genovese, Roeder and Wasserman
        (2006); they add up to what they did, so that the bound on false alarms stays.
        """
        if not self:
            return base
        raised = {}
        for kind, weight in base.items():
            dismissed, confirmed = self.counts(kind)
            raised[kind] = weight * (1 + confirmed) / (1 + dismissed)
        scale = sum(base.values()) / sum(raised.values())
        return {kind: weight * scale for kind, weight in raised.items()}
