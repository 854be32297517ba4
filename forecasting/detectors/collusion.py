# SPDX-License-Identifier: Apache-2.0
"""Two parties between which more goes wrong than either has with others, or that pass goods to and fro.

1. Hand-overs that other alarms cite are counted for each pair of parties. How many of a pair's would be among
   them if it were as good as the rest of what either party does is hypergeometric; the larger of the two
   probabilities counts, so that one bad party is not a pair.
2. Goods that go from A to B and back to A as they were are counted likewise: binomial, with the share of
   hand-overs between all other pairs that are returned.

The smaller of the two, doubled, is the p-value of the pair. What goes together, at the same
two moments, counts once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import exp, lgamma, log, log1p

import numpy as np

from forecasting.detectors.base import Findings, findings_about
from forecasting.detectors.history import Bools, History

KIND = "collusion"
FEWEST = 3  # hand-overs of a pair, and of those that are odd
MOST_CITED = 50  # entries

Pair = tuple[str, str]
Moments = tuple[int, int]
Entries = tuple[int, ...]


@dataclass
class _Dealings:
    """What two parties had with each other: hand-overs, those that alarms cite, and loops, by their two moments.

    With each stand the entries of one item of it.
    """

    all: dict[Moments, Entries] = field(default_factory=dict)
    alarmed: dict[Moments, Entries] = field(default_factory=dict)
    loops: dict[Moments, Entries] = field(default_factory=dict)


def find_collusion(history: History, alarmed: Bools) -> Findings:
    """Find pairs of parties.

    Args:
        history: The history.
        alarmed: rows that other alarms cite, shape (n,).
    """
    dealings = _dealings(history, alarmed)
    pairs = {pair: one for pair, one in dealings.items() if len(one.all) >= FEWEST}
    if not pairs:
        mend = "record who ships and who receives (--party, or the source and destination lists of EPCIS)"
        return Findings(
            blind="no two named parties pass goods to each other often enough", mend=mend, about="pair"
        )
    of_party: dict[str, list[int]] = {}
    everything = [0, 0]
    loops = [0, 0]
    for pair, one in dealings.items():
        for party in pair:
            counts = of_party.setdefault(party, [0, 0])
            counts[0] += len(one.all)
            counts[1] += len(one.alarmed)
        everything[0] += len(one.all)
        everything[1] += len(one.alarmed)
        loops[0] += len(one.all)
        loops[1] += len(one.loops)
    names, p_values, seqs, expected, seen = [], [], [], [], []
    for pair in sorted(pairs):
        one = pairs[pair]
        size, odd = len(one.all), len(one.alarmed)
        enriched = 1.0
        if odd >= FEWEST:
            # A party that deals with nobody else is compared with everybody.
            wholes = [of_party[party] if of_party[party][0] > size else everything for party in pair]
            enriched = max(hypergeometric_tail(odd, size, whole[1], whole[0]) for whole in wholes)
        share = (1 + loops[1] - len(one.loops)) / (2 + loops[0] - size)
        returned = binomial_tail(len(one.loops), size, share) if len(one.loops) >= FEWEST else 1.0
        p = min(1.0, 2 * min(enriched, returned))
        if p >= 1:
            continue
        names.append(" + ".join(pair))
        p_values.append(p)
        if enriched <= returned:
            rest = everything[1] - odd, everything[0] - size
            seqs.append(_entries(one.alarmed.values()))
            expected.append(f"alarms as often as elsewhere: {rest[0]} of {rest[1]} hand-overs")
            seen.append(f"{odd} of the {size} hand-overs between the two")
        else:
            seqs.append(_entries(one.loops.values()))
            expected.append(f"goods returned as often as elsewhere: {share:.1%} of hand-overs")
            seen.append(f"{len(one.loops)} of {size} hand-overs between the two went back as they were")
    return findings_about(
        "pair",
        names,
        p_value=p_values,
        seqs=seqs,
        expected=expected,
        seen=seen,
        judged=len(pairs),
        named_by=[one[:1] for one in seqs],
    )


def _dealings(history: History, alarmed: Bools) -> dict[Pair, _Dealings]:
    known = np.flatnonzero(history.rows["party"].notna().to_numpy())
    party = history.rows["party"].to_numpy(dtype=object)[known]
    item, time, seq = history.item[known], history.time[known], history.rows["seq"].to_numpy()[known]
    odd, left = alarmed[known], history.left[known]
    same = item[1:] == item[:-1]
    changes = np.flatnonzero(same & (party[1:] != party[:-1])) + 1
    found: dict[Pair, _Dealings] = {}
    before = -1  # the hand-over before this one
    for at in changes.tolist():
        giver, taker = str(party[at - 1]), str(party[at])
        one = found.setdefault((min(giver, taker), max(giver, taker)), _Dealings())
        moments, entries = (int(time[at - 1]), int(time[at])), (int(seq[at - 1]), int(seq[at]))
        one.all.setdefault(moments, entries)
        if odd[at] or odd[at - 1]:
            one.alarmed.setdefault(moments, entries)
        # A shipment of what was handed over before is a step in the wrong order, not a return.
        back = before >= 0 and item[before] == item[at] and party[before - 1] == party[at]
        if back and not left[at]:
            one.loops.setdefault(moments, (int(seq[before - 1]), *entries))
        before = at
    return found


def _entries(hand_overs: Iterable[Entries]) -> Entries:
    return tuple(sorted({seq for one in hand_overs for seq in one})[:MOST_CITED])


def hypergeometric_tail(hits: int, drawn: int, marked: int, whole: int) -> float:
    """Give the chance of at least `hits` marked ones among `drawn` out of `whole`, of which `marked` are."""
    most = min(drawn, marked)
    least = max(hits, drawn - (whole - marked))
    base = _choose(whole, drawn)
    return min(
        1.0,
        sum(exp(_choose(marked, k) + _choose(whole - marked, drawn - k) - base) for k in range(least, most + 1)),
    )


def binomial_tail(hits: int, tries: int, share: float) -> float:
    """Give the chance of at least `hits` in `tries`, each with the chance `share`."""
    if hits <= 0 or share >= 1:
        return 1.0
    terms = (_choose(tries, k) + k * log(share) + (tries - k) * log1p(-share) for k in range(hits, tries + 1))
    return min(1.0, sum(exp(term) for term in terms))


def _choose(whole: int, part: int) -> float:
    """Give the logarithm of a binomial coefficient."""
    return lgamma(whole + 1) - lgamma(part + 1) - lgamma(whole - part + 1)
