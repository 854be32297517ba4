"""Whose signatures a verifier believes: a `tlog-policy` file in `$TRACE_HOME`, outside the ledger.

::

    log acme.example/dc1+3f2a9c01+AT...      a key that may sign checkpoints of its origin
    log acme.example/dc1+77c0e1d2+Bk...      an ML-DSA-44 key: from now on both algorithms must sign
    quorum none                              no witness is asked for

**For each algorithm that the policy names, a believed key of that algorithm must have signed**: with one Ed25519
and one ML-DSA-44 key it is a hybrid policy, and to take one of the two lines away makes a checkpoint unbelieved.
Keys of one algorithm are alternatives (an old key and the one that replaced it).

A ledger that brings its own trust is not trusted: keys found inside the file count for nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from ledger.chain.errors import Missing, Refused
from ledger.chain.home import create_secret, place_of, read_secret, replace_secret
from ledger.chain.note import ALGORITHMS, VerifierKey, parse_vkey

if TYPE_CHECKING:
    from ledger.chain.checkpoint import SignedCheckpoint

_ALWAYS: Final = (0, 2**63)


class NotBelievedError(Refused):
    """A checkpoint is not believed under a policy.

    Args:
        kind: Why: `unknown key`, `signature` (a believed key's line does not fit), `revoked` (the key may not sign
            for that size), or `downgrade` (an algorithm that the policy names did not sign).
        message: As for every fault.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Policy(NamedTuple):
    """The keys believed for one origin, and where that was said (`source`: home, key or file).

    `lives` says for which sizes (first, last) a key may sign, where that is not all of them; it comes from the key
    entries of the log (`ledger.chain.keyring`), by position and never by a clock.
    """

    keys: tuple[VerifierKey, ...]
    source: str = "home"
    lives: tuple[tuple[VerifierKey, tuple[int, int]], ...] = ()

    def life(self, key: VerifierKey) -> tuple[int, int]:
        """Give the first and the last size that a key may sign."""
        return next((life for other, life in self.lives if other == key), _ALWAYS)

    def may_sign(self, key: VerifierKey, size: int) -> bool:
        """Tell whether a key may sign a head of that size."""
        first, last = self.life(key)
        return first <= size <= last


def ended_keys(policy: Policy | None) -> tuple[tuple[VerifierKey, int], ...]:
    """List the keys of a policy whose time is over, with the last size that each may sign."""
    lives = () if policy is None else policy.lives
    return tuple((key, last) for key, (_, last) in lives if last < _ALWAYS[1])


def believe(signed: SignedCheckpoint, policy: Policy) -> list[VerifierKey]:
    """List the believed keys that signed a checkpoint, Ed25519 first; never an empty list.

    Raises:
        NotBelievedError: They are not enough.
    """
    try:
        found = signed.parsed.signed_by(policy.keys)
    except Refused as error:
        raise NotBelievedError("signature", str(error)) from None
    size = signed.head.size
    if not found:
        names = ", ".join(f"{line.name} ({line.key_id.hex()})" for line in signed.parsed.signatures[:4])
        raise NotBelievedError("unknown key", f"no key that the policy believes signed it; signed by {names}")
    valid = [key for key in found if policy.may_sign(key, size)]
    if not valid:
        key = found[0]
        raise NotBelievedError(
            "revoked",
            f"the key {key.name} ({key.key_id.hex()}) may sign sizes {policy.life(key)[0]} to "
            f"{policy.life(key)[1]}, not {size}: it was replaced or revoked",
        )
    needed = {key.algorithm for key in policy.keys}
    if missing := needed - {key.algorithm for key in valid}:
        names = " and ".join(ALGORITHMS[algorithm] for algorithm in sorted(missing))
        raise NotBelievedError("downgrade", f"the policy asks for {names} too, and no believed key signed so")
    return sorted(valid, key=lambda key: key.algorithm)


def parse_policy(text: str, source: str = "home") -> Policy:
    """Read a policy.

    Raises:
        Refused: A line is not understood, a key stands twice, or there is no key at all. Nothing is ever
            passed over: a rule that is not understood could have been the one that forbids.
    """
    keys: list[VerifierKey] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "log" and len(words) in (2, 3):
            key = parse_vkey(words[1])
            if key in keys:
                raise Refused(f"line {number} of the policy names a key twice: {key}")
            keys.append(key)
        elif words != ["quorum", "none"]:
            raise Refused(f"line {number} of the policy is not understood: {line[:80]!r}")
    if not keys:
        raise Refused("the policy names no key, so nothing can be believed under it")
    return Policy(tuple(keys), source)


def policy_path(home: Path, origin: str) -> Path:
    """Name the policy file for an origin."""
    return place_of(home, "policy", origin, ".policy")


def create_policy(home: Path, origin: str, *keys: VerifierKey) -> Path:
    """Write the policy that believes a key for its origin, or one of each algorithm.

    Raises:
        Refused: There is a policy for that origin already.
    """
    path = policy_path(home, origin)
    try:
        create_secret(path, "".join(f"log {key}\n" for key in keys) + "quorum none\n")
    except FileExistsError:
        raise Refused(f"there is a policy for {origin} already: {path}") from None
    return path


def add_to_policy(home: Path, origin: str, keys: Sequence[VerifierKey]) -> None:
    """Believe further keys for an origin, in a policy that is there.

    Raises:
        As `load_policy`.
    """
    known = load_policy(home, origin).keys
    path = policy_path(home, origin)
    text = read_secret(path, f"the trust policy for {origin}", "")
    fresh = "".join(f"log {key}\n" for key in keys if key not in known)
    if fresh:
        replace_secret(path, f"{fresh}{text}")


def load_policy(home: Path, origin: str) -> Policy:
    """Load the policy for an origin.

    Raises:
        Missing: There is none.
        Refused: It is malformed.
        KeyUnavailable: Others may write or read it.
    """
    path = policy_path(home, origin)
    ends = load_ends(home, origin)
    remedy = f"ask {origin} for its verifier key and write 'log <key>' and 'quorum none' to {path} (mode 0600)"
    try:
        policy = parse_policy(read_secret(path, f"the trust policy for {origin}", remedy))
        lives = tuple((key, (0, ends[str(key)])) for key in policy.keys if str(key) in ends)
        return policy._replace(lives=lives)
    except Refused as error:
        raise Refused(f"{path}: {error}", remedy="mend the policy file") from None


def load_ends(home: Path, origin: str) -> dict[str, int]:
    """Load the last sizes of the keys of an origin whose time this machine knows to be over.

    Raises:
        Refused: The file is damaged.
    """
    path = _ends_path(home, origin)
    try:
        lines = read_secret(path, f"the ended keys of {origin}", "").splitlines()
        return {key: int(size) for key, size in (line.split() for line in lines)}
    except Missing:
        return {}
    except ValueError:
        raise Refused(f"{path} is damaged", remedy="restore it from a backup") from None


def save_ends(home: Path, origin: str, ends: Iterable[tuple[VerifierKey, int]]) -> None:
    """Remember until which size keys may sign, as a believed log has told; an end never moves on.

    A copy of the log without the entry that ends a key must not give that key its time back.
    """
    known = load_ends(home, origin)
    fresh = dict(known)
    for key, size in ends:
        fresh[str(key)] = min(size, fresh.get(str(key), size))
    if fresh != known:
        replace_secret(_ends_path(home, origin), "".join(f"{key} {size}\n" for key, size in sorted(fresh.items())))


def _ends_path(home: Path, origin: str) -> Path:
    return place_of(home, "policy", origin, ".ends")
