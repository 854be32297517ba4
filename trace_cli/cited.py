"""The leaf hashes of entries that an answer cites, each proven up to the signed root."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trace_cli.prediction import Prediction


@contextmanager
def cited_leaves(prediction: Prediction) -> Iterator[Callable[[int], bytes]]:
    """Open the ledger of a prediction for the leaf hashes of its entries.

    An entry that no longer is what was verified does not pass. Of a history that does not hold, the bytes as they
    stand are hashed: its answer says so anyway.

    Raises:
        Untrue: The ledger was changed since it was verified.
    """
    from ledger.chain.errors import Untrue
    from ledger.chain.hashing import leaf_hash

    site = prediction.site
    if not prediction.history.verified:
        with site.reading() as (view, _):
            yield lambda seq: leaf_hash(view.entry(seq) or b"")
        return
    with site.proving() as (_, reader):

        def proven(seq: int) -> bytes:
            if seq >= prediction.history.head.size:
                raise Untrue(f"entry {seq} is not covered by the history that was verified", seq=seq)
            return leaf_hash(reader.proven_bytes(seq))

        yield proven
