"""A new epoch: a log goes on from an older state, or under another key, and says so for ever.

A backup that was restored and a key that was lost look exactly like an attack. The difference is that the owner
declares it, in the first entry of the new epoch, under a key that the policy of whoever verifies must believe::

    {"epoch": 2,                                           the first epoch needs no entry
     "reason": "disk of dc1 failed, backup of 2 March restored",
     "kept": {"size": n, "root": "<hex>"},                 n is also the number of this entry
     "old": {"size": m, "root": "<hex>", "note": "..."},   the newest signed head that is known, m >= n
     "lost": {"first": n, "count": m - n, "known": [{"seq": ..., "leaf": "<hex>", "event": "..."}, ...]},
     "keys": ["<vkey>", ...], "replaces": ["<vkey>", ...]} who signs from here on, and whose time is over

What an epoch entry can do is little on purpose:

1. It grants no key anything: keys that it names are believed only where the policy outside the log names them.
2. Keys under `replaces` end at size n, like those that were revoked.
3. It does not make a verifier forget. Whoever saw entries n to m - 1 is told that they were given up, by whom and
   why, and decides (`trace verify --accept-epoch`); until then the verdict is `rolled_back` or `forked`.
4. It explains nothing to a verifier who has seen it before: what is gone after that is a rollback like any other.
5. Every verdict lists the epochs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from ledger.chain.checkpoint import SignedCheckpoint, parse_checkpoint
from ledger.chain.counting import counted
from ledger.chain.entry import parse_entry
from ledger.chain.errors import BadJson, Refused
from ledger.chain.hashing import leaf_hash
from ledger.chain.keyring import KeyFault
from ledger.chain.note import VerifierKey
from ledger.chain.policy import Policy
from ledger.chain.proof import range_root

MAX_KNOWN: Final = 10_000
MAX_REASON: Final = 500
_LISTS: Final = ("keys", "replaces")
_KEYS: Final = frozenset({"epoch", "reason", "kept", "old", "lost", "keys", "replaces"})


class Lost(NamedTuple):
    """An entry that is given up, as far as a damaged copy still tells: number, leaf hash [hex], what it was."""

    seq: int
    leaf: str
    event: str = ""


class Epoch(NamedTuple):
    """What the entry `seq` declares. `old_believed`: a key of the policy signed the head that is quoted."""

    seq: int
    number: int
    reason: str
    old: SignedCheckpoint
    replaces: tuple[str, ...]
    old_believed: bool
    leaf: bytes = b""

    @property
    def lost(self) -> int:
        """Count the entries that were given up."""
        return self.old.head.size - self.seq

    def gives_up(self, size: int) -> bool:
        """Tell whether a head of that size had entries that this epoch gives up."""
        return self.seq < size <= self.old.head.size


def epoch_body(
    number: int,
    reason: str,
    *,
    kept: tuple[int, bytes],
    old: SignedCheckpoint,
    known: Sequence[Lost],
    keys: Sequence[VerifierKey],
    replaces: Sequence[VerifierKey],
) -> dict[str, Any]:
    """Write the payload of the entry that begins an epoch.

    Args:
        number: 2 for the first such entry of a log.
        reason: Why, for everybody to read.
        kept: Size and root of what is kept.
        old: The newest head that is known.
        known: What is known of the entries that are given up; the first `MAX_KNOWN` are listed.
        keys: Who signs from here on.
        replaces: Whose time is over.

    Raises:
        Refused: There is no reason, or the old head is older than what is kept.
    """
    size, root = kept
    if not _is_reason(reason.strip()):
        raise Refused(
            f"a new epoch needs a reason, of one line and at most {MAX_REASON} characters",
            remedy='trace recover --reason "disk failed, backup restored"',
        )
    if old.head.size < size:
        raise Refused(f"the old head has {counted(old.head.size, 'entry')}, and {size} are kept")
    return {
        "epoch": number,
        "reason": reason.strip(),
        "kept": {"size": size, "root": root.hex()},
        "old": {"size": old.head.size, "root": old.head.root.hex(), "note": old.note},
        "lost": {
            "first": size,
            "count": old.head.size - size,
            "known": [
                {"seq": one.seq, "leaf": one.leaf, **({"event": one.event} if one.event else {})}
                for one in known[:MAX_KNOWN]
            ],
        },
        "keys": [str(key) for key in keys],
        "replaces": [str(key) for key in replaces],
    }


def find_epochs(
    keys: Sequence[tuple[int, bytes]],
    origin: str,
    policy: Policy | None,
    root_at: Callable[[int], bytes | None],
) -> tuple[tuple[Epoch, ...], list[KeyFault]]:
    """Read the epochs out of the key entries of a log, and judge what they say.

    Args:
        keys: The key entries as (seq, bytes), verified.
        origin: The log.
        policy: The keys to believe.
        root_at: Gives the root over the first n entries of the verified log; None: it cannot be told.
    """
    epochs: list[Epoch] = []
    faults: list[KeyFault] = []
    for seq, data in sorted(keys):
        try:
            body = parse_entry(data).body
            if type(body) is not dict or "epoch" not in body:
                continue
            found = _read(seq, body, origin, policy, root_at, len(epochs) + 2)
            epochs.append(found._replace(leaf=leaf_hash(data)))
        except BadJson:
            continue  # the check of keys has named it
        except Refused as error:
            faults.append(KeyFault(seq, f"entry {seq} begins an epoch and does not hold: {error}"))
    return tuple(epochs), faults


def _read(
    seq: int,
    body: dict[str, Any],
    origin: str,
    policy: Policy | None,
    root_at: Callable[[int], bytes | None],
    number: int,
) -> Epoch:
    if not _has_form(body) or body["epoch"] != number:
        raise Refused(f"epoch {number} states its number, its reason, what is kept, what was, and the keys")
    kept, old = body["kept"], body["old"]
    signed = parse_checkpoint(old["note"])
    head = signed.head
    if (head.origin, head.size, head.root.hex()) != (origin, old["size"], old["root"]):
        raise Refused("the old head is not the one in the note that it quotes")
    root = root_at(seq)
    if kept["size"] != seq or (root is not None and kept["root"] != root.hex()):
        raise Refused(f"what it says is kept is not the {counted(seq, 'entry')} before it")
    if head.size < seq or (head.size == seq and old["root"] != kept["root"]):
        raise Refused("the old head does not go on from what is kept")
    if body["lost"]["first"] != seq or body["lost"]["count"] != head.size - seq:
        raise Refused("it counts what is lost wrongly")
    believed = bool(policy is not None and signed.parsed.signed_by(policy.keys))
    return Epoch(seq, number, body["reason"], signed, tuple(body["replaces"]), believed)


def _is_reason(text: object) -> bool:
    """Tell whether a text can be shown in one line: nothing in it may look like another line of an answer."""
    return type(text) is str and 0 < len(text) <= MAX_REASON and text.isprintable()


def _has_form(body: dict[str, Any]) -> bool:
    """Tell whether every member is there and is of its kind."""

    def sized(part: object, more: dict[str, type]) -> bool:
        forms: dict[str, type] = {"size": int, **more}
        return type(part) is dict and part.keys() == forms.keys() and all(type(part[k]) is forms[k] for k in forms)

    lost = body.get("lost")
    return (
        body.keys() == _KEYS
        and type(body["epoch"]) is int
        and _is_reason(body["reason"])
        and sized(body["kept"], {"root": str})
        and sized(body["old"], {"root": str, "note": str})
        and type(lost) is dict
        and lost.keys() == {"first", "count", "known"}
        and type(lost["first"]) is type(lost["count"]) is int
        and type(lost["known"]) is list
        and len(lost["known"]) <= MAX_KNOWN
        and all(_is_lost(one) for one in lost["known"])
        and all(type(body[name]) is list and all(type(key) is str for key in body[name]) for name in _LISTS)
    )


def _is_lost(one: object) -> bool:
    return (
        type(one) is dict
        and {"seq", "leaf"} <= one.keys() <= {"seq", "leaf", "event"}
        and type(one["seq"]) is int
        and type(one["leaf"]) is type(one.get("event", "")) is str
    )


def root_from(read_tile: Callable[[int, int], bytes | None], size: int) -> Callable[[int], bytes | None]:
    """Make the function that `find_epochs` asks for roots, of a verified log of `size` entries."""

    def root_at(length: int) -> bytes | None:
        if not 0 < length <= size:
            return None
        try:
            return range_root(lambda level, n: read_tile(level, n) or b"", 0, length)
        except ValueError:
            return None  # the tree is damaged; the checks of the tree have named it

    return root_at


def told(epoch: Epoch) -> str:
    """Say in one sentence what an epoch declares."""
    lost = f"gives up entries {epoch.seq} to {epoch.old.head.size - 1}" if epoch.lost else "gives up no entry"
    return f"entry {epoch.seq} begins epoch {epoch.number} and {lost}: {epoch.reason}"
