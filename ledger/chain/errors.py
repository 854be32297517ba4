"""Every fault that the ledger raises, as one tree.

::

    LedgerError
    ├── Refused              the input was refused; nothing was written
    │   └── BadJson          not JSON, or JSON outside the canonical profile
    ├── Unavailable          the ledger is missing, locked, unreadable or too new
    │   ├── Missing
    │   ├── Locked
    │   ├── NotALedger
    │   ├── TooNew
    │   └── Unreadable       storage gave an error; no accusation
    ├── KeyUnavailable       a key is missing, locked or may not be used
    └── Untrue               what was read does not hold against the signed head
        ├── RolledBack       the ledger is shorter than, or contradicts, a head seen before
        └── Untrusted        no key that is believed signed it

Problems in *users' data* are values (see `ledger.custody.problems`), collected to the end; these here
are raised one at a time.
"""

from __future__ import annotations


class LedgerError(Exception):
    """Root of all faults of the ledger.

    Args:
        message: What happened, for which value, expected and got.
        remedy: What the user can do about it, best a command to paste.
    """

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class Refused(LedgerError):
    """The input was refused; nothing was written."""


class BadJson(Refused):
    """The input is no JSON, or JSON outside the canonical profile."""


class Unavailable(LedgerError):
    """The ledger is missing, locked, unreadable or too new."""


class Missing(Unavailable):
    """There is no ledger at that place."""


class Locked(Unavailable):
    """Another process holds the writer's lock."""


class NotALedger(Unavailable):
    """The file is something else than a ledger."""


class TooNew(Unavailable):
    """The file was written in a newer format than this program knows."""


class Unreadable(Unavailable):
    """The storage gave an error: damaged pages, a full disk, a medium that cannot be written."""


class KeyUnavailable(LedgerError):
    """A key is missing, locked, or may not be used as it lies."""


class Untrue(LedgerError):
    """What was read does not hold against the signed head.

    Args:
        message: What does not hold.
        seq: The first entry that does not hold, where it is known.
        remedy: What the user can do about it.
    """

    def __init__(self, message: str, *, seq: int | None = None, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.seq = seq


class RolledBack(Untrue):
    """The ledger is shorter than a head that was seen before, or contradicts it."""


class Untrusted(Untrue):
    """No key that this verifier believes signed it."""
