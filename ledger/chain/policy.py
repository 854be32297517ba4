"""Whose signatures a verifier believes: a `tlog-policy` file in `$TRACE_HOME`, outside the ledger.

::

    log acme.example/dc1+3f2a9c01+AT...      a key that may sign checkpoints of its origin
    quorum none                              no witness is asked for

A ledger that brings its own trust is not trusted: keys found inside the file count for nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ledger.chain.errors import Refused
from ledger.chain.home import create_secret, place_of, read_secret
from ledger.chain.note import VerifierKey, parse_vkey


@dataclass(frozen=True, slots=True)
class Policy:
    """The keys believed for one origin, and where that was said (`source`: home, key or file)."""

    keys: tuple[VerifierKey, ...]
    source: str = "home"


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


def create_policy(home: Path, origin: str, key: VerifierKey) -> Path:
    """Write the policy that believes one key for its origin.

    Raises:
        Refused: There is a policy for that origin already.
    """
    path = policy_path(home, origin)
    try:
        create_secret(path, f"log {key}\nquorum none\n")
    except FileExistsError:
        raise Refused(f"there is a policy for {origin} already: {path}") from None
    return path


def load_policy(home: Path, origin: str) -> Policy:
    """Load the policy for an origin.

    Raises:
        Missing: There is none.
        Refused: It is malformed.
        KeyUnavailable: Others may write or read it.
    """
    path = policy_path(home, origin)
    remedy = f"ask {origin} for its verifier key and write 'log <key>' and 'quorum none' to {path} (mode 0600)"
    try:
        return parse_policy(read_secret(path, f"the trust policy for {origin}", remedy))
    except Refused as error:
        raise Refused(f"{path}: {error}", remedy="mend the policy file") from None
