"""What is known of a thing that is being scanned: the verdict of `check`, under the lock of its own commit.

The history is read once for both questions: may this be recorded, and may the thing be what its code says? What
is judged is the history before the scan; the scan itself is no evidence for its own code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ledger.chain.storage.sqlite import SqliteTransaction
    from ledger.custody.authenticity import Judgement
    from ledger.custody.codes import Codes
    from ledger.custody.provenance.held import Held
    from ledger.custody.recorder import Recorder
    from ledger.custody.standing import Planned
    from trace_cli.dock.goods import Goods

_FINE: Final = frozenset({"consistent", "unknown"})


class Judging:
    """The judgement of one scan.

    Args:
        codes: How codes are read.
        recorder: The ledger.
        planned: The event of the scan.
        goods: What was scanned.
        refuse: Keep out what the ledger contradicts.
    """

    def __init__(
        self, codes: Codes, recorder: Recorder, planned: Sequence[Planned], goods: Goods, *, refuse: bool
    ) -> None:
        self._codes = codes
        self._recorder = recorder
        self._planned = planned
        self._goods = goods
        self._refuse = refuse
        self._found: Judgement | None = None

    def guard(self, transaction: SqliteTransaction, _first: int) -> None:
        """Judge under the writer's lock.

        Raises:
            Contradicted: The ledger contradicts the event.
        """
        from ledger.custody.authenticity import Asked, judge
        from ledger.custody.standing import find_contradiction
        from trace_cli.refusals import Contradicted, histories

        for one, lines in histories(self._recorder, transaction, self._planned):
            if self._refuse and (lines or one.expiry is not None):
                contradiction = find_contradiction(one, lines)
                if contradiction is not None:
                    raise Contradicted(self._codes, one, contradiction)
            goods = self._goods
            asked = Asked(one.uri, one.is_class, one.moment, one.place, goods.lot, goods.expiry)
            self._found = judge(asked, lines)

    def judgement(self, held: Sequence[Held]) -> Judgement | None:
        """Give the verdict, once the scan is recorded.

        Args:
            held: What the commit found on hold: the thing, its lot, or what it is packed in.
        """
        from ledger.custody.authenticity import kept_back

        if self._found is None or not held:
            return self._found
        return kept_back(self._found, self._goods.thing.uri, held[0].hold)


def is_suspect(verdict: str, *, takes: bool) -> bool:
    """Tell whether a verdict calls for somebody to look now.

    Args:
        verdict: Of `ledger.custody.authenticity.VERDICTS`.
        takes: The scan takes goods over from others. Else they are moved about, so they were elsewhere before.
    """
    return verdict not in _FINE and (takes or verdict != "elsewhere")
