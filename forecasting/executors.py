# SPDX-License-Identifier: Apache-2.0
"""Work cut into chunks for one process or many, with the same result bit for bit.

Chunks have a fixed size, whatever the number of workers, and results are joined in the order of the chunks.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

CHUNK = 16
"""Series in a chunk."""


def map_chunks(
    work: Callable[[Sequence[Item]], list[Result]],
    items: Sequence[Item],
    executor: Executor | None,
    size: int = CHUNK,
) -> Iterator[Result]:
    """Do the work on every item, in order.

    Args:
        work: takes a chunk and gives one result for each item; picklable where the executor uses processes.
        items: what to work on.
        executor: any executor, or None for this process and thread.
        size: items in a chunk.

    Returns:
        The results in the order of the items.
    """
    chunks = [items[start : start + size] for start in range(0, len(items), size)]
    done = map(work, chunks) if executor is None else executor.map(work, chunks)
    return (result for results in done for result in results)
