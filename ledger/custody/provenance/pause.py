"""While a walk makes its records, nothing looks for cycles among them."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_search_for_cycles() -> Iterator[None]:
    """Put off the search for cycles of garbage, if it is on.

    A walk allocates tens of thousands of tuples and dicts that all stay until the answer is given, and makes no
    cycles. The collector counts allocations, so it would go through them, and all else that the process holds,
    again and again, and free nothing: a tenth to a fifth of the time.

    What was made counts as old afterwards: else the first allocation after the walk would have all of it searched.
    The next full collection looks through it, so nothing is kept for ever.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            # Into the oldest generation, by two joins of lists. What the start of the program had frozen goes
            # there, too: to ask first whether there is any would count all of it, for each walk.
            gc.freeze()
            gc.unfreeze()
            gc.enable()
