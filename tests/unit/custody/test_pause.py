# SPDX-License-Identifier: Apache-2.0
"""No search for cycles while a walk makes its records."""

import gc

import pytest

from ledger.custody.provenance.pause import no_search_for_cycles


@pytest.fixture
def collector():
    """Leaves the collector as it was."""
    was_on = gc.isenabled()
    yield
    (gc.enable if was_on else gc.disable)()


@pytest.mark.parametrize("was_on", [True, False])
def test_the_search_is_off_inside_and_as_before_afterwards_also_after_a_fault(collector, was_on):
    (gc.enable if was_on else gc.disable)()
    inside = []

    @no_search_for_cycles()
    def work():
        inside.append(gc.isenabled())
        raise LookupError

    with pytest.raises(LookupError):
        work()
    assert (inside, gc.isenabled()) == ([False], was_on)


def test_what_was_made_inside_is_freed_by_the_next_full_collection(collector):
    gc.enable()
    with no_search_for_cycles():
        cycle = type("Cycle", (), {})()
        cycle.own = cycle
        kind = type(cycle)
    del cycle
    assert gc.get_freeze_count() == 0
    gc.collect()
    assert not [one for one in gc.get_objects() if type(one) is kind]
