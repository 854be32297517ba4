# SPDX-License-Identifier: Apache-2.0
"""Intervals between moments, against a list of whole numbers."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from ledger.custody.provenance.spans import ALWAYS, BEGIN, END, Spans, Timetable, seconds

borders = st.tuples(st.integers(0, 12), st.integers(0, 12)).map(lambda two: (min(two), max(two)))


def span(start, end):
    return (start, 0), (end, 0)


@given(found=st.lists(borders, max_size=8), asked=borders)
def test_spans_say_what_is_covered_and_what_is_new(found, asked):
    spans, covered = Spans(), []
    for start, end in found:
        is_new = not any(first <= start and end <= last for first, last in covered)
        assert spans.add(span(start, end)) is is_new
        joined = [one for one in covered if one[0] <= end and start <= one[1]]
        whole = (min([start, *(one[0] for one in joined)]), max([end, *(one[1] for one in joined)]))
        covered = sorted([one for one in covered if one not in joined] + [whole])
    assert list(spans) == [span(*one) for one in covered]
    for at in range(13):
        assert spans.hold((at, 0)) is any(first <= at <= last for first, last in covered)
    common = [(max(one[0], asked[0]), min(one[1], asked[1])) for one in covered]
    assert list(spans.within(*span(*asked))) == [span(*one) for one in common if one[0] <= one[1]]


@dataclass
class Stay:
    entered: tuple
    left: tuple


@given(found=st.lists(borders, max_size=8), asked=borders)
def test_a_timetable_gives_all_that_overlaps(found, asked):
    stays = [Stay(*span(*one)) for one in found]
    expected = [one for one in found if one[0] <= asked[1] and asked[0] <= one[1]]
    told = Timetable(stays).during(*span(*asked))
    assert sorted((stay.entered[0], stay.left[0]) for stay in told) == sorted(expected)


def test_all_times_stay_all_times():
    spans = Spans()
    assert spans.add(ALWAYS)
    assert spans.always
    assert not spans.add(span(3, 4))
    assert spans.always
    assert seconds(ALWAYS) == (-(2**63), 2**63 - 1)
    assert seconds(((1_500_000, 7), END))[0] == 1
    assert seconds((BEGIN, (2_999_999, 7)))[1] == 2
