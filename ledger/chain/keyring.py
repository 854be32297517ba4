"""The life of keys, read from the key entries of a log and judged by position, never by a clock.

::

    {"add": "<vkey>", "purpose": "site"}          entry 0; "also" lists the second key of a hybrid site
    {"rotate": "<new vkey>", "replaces": "<old vkey>", "old_signature": ..., "new_signature": ...}
    {"revoke": "<vkey>", "last_size": N, "reason": "..."}
    {"epoch": 2, ..., "replaces": ["<vkey>", ...]}          see `ledger.chain.epoch`

Both signatures of a rotation are over `rotation_text`: the old key's gives authority, the new key's proves that
somebody possesses it.

1. A key of the policy may sign every size, unless an entry says otherwise.
2. A revocation ends a key at `last_size`. It needs no signature of its own: the head that covers it must be
   signed by a key that is still good, so a key cannot revoke itself.
3. A rotation at entry n ends the old key at size n + 1, and where the old key was believed and good at size n, the
   new one is believed from there on. A verifier who knows only the first key follows the chain to the newest.
4. A rotation with a signature that does not fit, by a key that was replaced before, or to a key that the
   log has named before, is a fault: whoever signed such a log is not to be believed.
5. An epoch that begins at entry n ends the keys that it replaces at size n. It grants nothing to the key that
   goes on: that one must be in the policy.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from ledger.chain.entry import parse_entry
from ledger.chain.errors import BadJson, Refused
from ledger.chain.note import Signer, VerifierKey, decode_base64, parse_vkey
from ledger.chain.policy import Policy

_FOREVER: Final = 2**63
_ROTATION: Final = frozenset({"rotate", "replaces", "old_signature", "new_signature"})
_REVOCATION: Final = frozenset({"revoke", "last_size", "reason"})


class KeyFault(NamedTuple):
    """A key entry that nobody may have signed."""

    seq: int
    message: str


def rotation_text(origin: str, seq: int, old: VerifierKey, new: VerifierKey) -> str:
    """Write what both keys sign; its first line keeps it apart from everything else that they sign."""
    return f"trace/key-rotation/v1\n{origin}\n{seq}\n{old}\n{new}\n"


def rotation_body(origin: str, seq: int, old: Signer, new: Signer) -> dict[str, Any]:
    """Write the payload of the entry that replaces a key."""
    keys = [VerifierKey(origin, signer.algorithm, signer.public) for signer in (old, new)]
    text = rotation_text(origin, seq, *keys).encode()
    return {
        "rotate": str(keys[1]),
        "replaces": str(keys[0]),
        "old_signature": base64.b64encode(old.sign(text)).decode(),
        "new_signature": base64.b64encode(new.sign(text)).decode(),
    }


def revocation_body(key: VerifierKey, last_size: int, reason: str) -> dict[str, Any]:
    """Write the payload of the entry that revokes a key."""
    return {"revoke": str(key), "last_size": last_size, "reason": reason}


def follow(policy: Policy, origin: str, entries: Iterable[tuple[int, bytes]]) -> tuple[Policy, list[KeyFault]]:
    """Extend a policy by what the key entries of a log say, given as (seq, bytes); others are passed over."""
    bodies: list[tuple[int, dict[str, Any]]] = []
    faults: list[KeyFault] = []
    for seq, data in sorted(entries):
        try:
            entry = parse_entry(data)
        except BadJson as error:
            faults.append(KeyFault(seq, f"the key entry {seq} is malformed: {error}"))
            continue
        if entry.kind == "key" and entry.seq == seq and type(entry.body) is dict:
            bodies.append((seq, entry.body))
    believed, more = follow_bodies(policy, origin, bodies)
    return believed, sorted([*faults, *more], key=lambda fault: fault.seq)


def follow_bodies(
    policy: Policy, origin: str, bodies: Sequence[tuple[int, dict[str, Any]]]
) -> tuple[Policy, list[KeyFault]]:
    """Extend a policy by the payloads of the key entries, given as (seq, payload) in order."""
    ring = _Ring(policy, origin)
    for seq, body in bodies:
        if "revoke" in body:
            ring.judge(seq, ring.revoke, body)
        elif "epoch" in body:
            ring.judge(seq, ring.begin_epoch, body)
    for seq, body in bodies:
        if "rotate" in body:
            ring.judge(seq, ring.rotate, body)
        else:
            ring.used.update(word for word in _words(body) if type(word) is str)
    lives = tuple(
        (key, (first, last)) for key, (first, last) in ring.lives.items() if (first, last) != (0, _FOREVER)
    )
    return policy._replace(keys=tuple(ring.lives), lives=lives), ring.faults


class _Ring:
    """The keys that are believed, each with the first and the last size that it may sign."""

    def __init__(self, policy: Policy, origin: str) -> None:
        self.lives = {key: policy.life(key) for key in policy.keys}
        self.faults: list[KeyFault] = []
        self.used: set[str] = set()
        self._origin = origin
        self._ends: dict[VerifierKey, int] = {}
        self._replaced: set[VerifierKey] = set()

    def judge(self, seq: int, rule: Any, body: dict[str, Any]) -> None:
        """Apply a rule to an entry, and note the fault if there is one."""
        try:
            rule(seq, body)
        except Refused as error:
            self.faults.append(KeyFault(seq, f"the key entry {seq} does not hold: {error}"))

    def revoke(self, seq: int, body: dict[str, Any]) -> None:
        """2. A revocation."""
        last = body.get("last_size")
        if body.keys() != _REVOCATION or type(last) is not int or not 0 <= last <= seq:
            raise Refused("a revocation names a key, a last size that is not in the future, and a reason")
        key = self._key(body["revoke"])
        self._ends[key] = min(last, self._ends.get(key, last))
        self._limit(key, last)

    def begin_epoch(self, seq: int, body: dict[str, Any]) -> None:
        """5. A new epoch."""
        replaces = body.get("replaces")
        if type(replaces) is not list:
            raise Refused("an epoch lists the keys that it replaces")
        for text in replaces:
            key = self._key(text)
            self._ends[key] = min(seq, self._ends.get(key, seq))
            self._limit(key, seq)

    def rotate(self, seq: int, body: dict[str, Any]) -> None:
        """3. and 4. A rotation."""
        if body.keys() != _ROTATION:
            raise Refused("a rotation names both keys and has both signatures")
        new, old = self._key(body["rotate"]), self._key(body["replaces"])
        text = rotation_text(self._origin, seq, old, new).encode()
        if new.algorithm != old.algorithm:
            raise Refused("a key is replaced by one of the same algorithm")
        if not old.verify(text, _signature(body["old_signature"])):
            raise Refused("the rotation is not signed by the old key")
        if not new.verify(text, _signature(body["new_signature"])):
            raise Refused("the new key does not prove that anybody possesses it")
        if old in self._replaced:
            raise Refused("the old key was replaced before")
        if str(new) in self.used or new == old:
            raise Refused("the new key was used before")
        self._replaced.add(old)
        self.used.update((str(new), str(old)))
        if old not in self.lives:
            return
        first, last = self.lives[old]
        if first <= seq <= last and new not in self.lives:
            self.lives[new] = (seq + 1, self._ends.get(new, _FOREVER))
        self._limit(old, seq + 1)

    def _limit(self, key: VerifierKey, end: int) -> None:
        if key in self.lives:
            first, last = self.lives[key]
            self.lives[key] = (first, min(last, end))

    def _key(self, text: object) -> VerifierKey:
        key = parse_vkey(text if type(text) is str else "")
        if key.name != self._origin:
            raise Refused(f"it names a key of {key.name}")
        return key


def _words(body: dict[str, Any]) -> list[Any]:
    """List the keys that an entry names in plain: those that were added or revoked, or go on in an epoch."""
    lists = (body.get("also"), body.get("keys"), body.get("replaces"))
    return [body.get("add"), body.get("revoke"), *(word for one in lists if type(one) is list for word in one)]


def _signature(text: object) -> bytes:
    return decode_base64(text if type(text) is str else "", "the signature")
