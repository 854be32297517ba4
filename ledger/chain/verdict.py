"""The words of a verdict: findings, anchor, and the case that one run gathers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.epoch import Epoch
from ledger.chain.note import VerifierKey

Word = Literal["ok", "tampered", "rolled_back", "forked", "untrusted", "corrupt"]
AnchorKind = Literal["self", "pinned", "partner", "key", "none"]

CHECKS: Final = ("storage", "order", "chain", "leaf", "tree", "checkpoint", "key", "pin", "private")
MAX_FINDINGS: Final = 100


class Finding(NamedTuple):
    """One thing that does not hold: which check, what kind of damage, at which entry, what to do."""

    check: str
    kind: str
    seq: int | None
    message: str
    remedy: str = ""


class Anchor(NamedTuple):
    """What the verdict rests on: `kind`, and the head (size, root) that was known before."""

    kind: AnchorKind
    size: int
    root: bytes


class Verdict(NamedTuple):
    """The outcome. `ok` says: these `size` entries are what the anchor knows and a believed key signed.

    `ended` lists the keys whose time is over, with the last size that each may sign.
    """

    word: Word
    anchor: Anchor
    origin: str
    size: int
    root: bytes
    first_bad_seq: int | None
    checks: tuple[tuple[str, bool, int], ...]
    findings: tuple[Finding, ...]
    signed: SignedCheckpoint | None = None
    key: VerifierKey | None = None
    epochs: tuple[Epoch, ...] = ()
    ended: tuple[tuple[VerifierKey, int], ...] = ()


@dataclass
class Case:
    """What one run has gathered."""

    findings: list[Finding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CHECKS, 0))
    failed: set[str] = field(default_factory=set)

    def add(self, check: str, kind: str, seq: int | None, message: str, remedy: str = "") -> None:
        """Note one thing that does not hold; the first `MAX_FINDINGS` are kept."""
        self.failed.add(check)
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(Finding(check, kind, seq, message, remedy))
