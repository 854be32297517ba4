# SPDX-License-Identifier: Apache-2.0
"""Whatever is done to a log, in whatever order, it is what a plain list says it is."""

import json
import random
import shutil
import sqlite3
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ledger.chain.entry import draft, parse_entry
from ledger.chain.epoch import epoch_body
from ledger.chain.errors import KeyUnavailable, RolledBack
from ledger.chain.hashing import leaf_hash
from ledger.chain.keyring import follow
from ledger.chain.keys import make_key
from ledger.chain.log import Log
from ledger.chain.pins import load_pin
from ledger.chain.policy import Policy
from ledger.chain.reader import AuthenticReader
from ledger.chain.receipt import check_receipt, make_receipt
from ledger.chain.rotation import revoke, rotate
from ledger.chain.storage.sqlite import SqliteStorage
from ledger.chain.tree import root_of
from ledger.chain.verify import verify

ORIGIN = "acme.example/dc1"
ENDS = ("", "-wal")
SIZES = st.sampled_from([1, 2, 3, 7, 40, 255])  # a few of the long ones fill a tile
SHARES = st.floats(0, 1, exclude_max=True)


class FailedError(Exception):
    """Comes out of a derive that fails."""


def copy_ledger(source, target):
    """Copy a ledger as a kill would leave it: the file and its write-ahead log, the shared memory lost."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for end in (*ENDS, "-shm"):
        Path(f"{target}{end}").unlink(missing_ok=True)
    for end in ENDS:
        if Path(f"{source}{end}").exists():
            shutil.copy(f"{source}{end}", f"{target}{end}")


class LogMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.place = Path(tempfile.mkdtemp(prefix="log-machine-"))
        self.home = self.place / "home"
        self.path = self.place / "0" / "ledger.db"
        self.path.parent.mkdir()
        self.count = 0
        self.moment = datetime(2026, 3, 1, 8, 15, tzinfo=UTC)
        self.key = self.fresh_key()
        self.policy = Policy((self.key.verifier,))
        self.first_policy = self.policy
        self.log = Log.create(SqliteStorage.create(self.path), self.key, self.clock, self.home, "dock-3")
        self.other = None
        self.bodies = [{"add": str(self.key.verifier), "purpose": "site"}]
        self.key_seqs = [0]
        self.receipts = []
        self.pinned = [1]
        self.old = None
        self.revoked = set()

    def teardown(self):
        if hasattr(self, "place"):
            self.close()
            shutil.rmtree(self.place)

    # What the rules share.

    def clock(self):
        self.moment += timedelta(hours=5)  # so that a day has several heads, and the log several days
        return self.moment

    def number(self):
        self.count += 1
        return self.count

    def fresh_key(self):
        return make_key(ORIGIN, random=random.Random(self.number()).randbytes)

    def drafts(self, size):
        bodies = [{"item": f"box-{self.number()}", "note": "é/ü"} for _ in range(size)]
        return bodies, [draft("event", body, by="dock-3", via="scanned") for body in bodies]

    def open(self):
        return Log(SqliteStorage(self.path, writable=True), self.key, self.clock, self.home)

    def close(self):
        self.log.close()
        self.close_other()

    def close_other(self):
        if self.other is not None:
            self.other.close()
            self.other = None

    def move(self, path):
        """Go on with a copy; what was open is of no further use."""
        self.close()
        self.path = path
        self.log = self.open()

    def record(self, log, size):
        bodies, drafts = self.drafts(size)
        appended = log.append(drafts)
        assert (appended.first, appended.head.size) == (len(self.bodies), len(self.bodies) + size)
        assert log.pin_fault == ""
        self.bodies += bodies
        self.pinned.append(len(self.bodies))

    def judge(self, path):
        pin = load_pin(self.home, ORIGIN)
        with closing(SqliteStorage(path, writable=False)) as storage, storage.snapshot() as view:
            return verify(view, origin=ORIGIN, policy=self.policy, pin=pin)

    # What happens.

    @rule()
    def append_one(self):
        self.record(self.log, 1)

    @rule(size=SIZES)
    def append_batch(self, size):
        self.record(self.log, size)

    @rule(size=SIZES)
    def append_by_another(self, size):
        """A second object on the same file; each follows the other."""
        self.other = self.other or self.open()
        self.record(self.other, size)

    @rule(size=SIZES)
    def fail_in_derive(self, size):
        def derive(transaction, first):
            assert transaction.entry(first) is not None
            raise FailedError

        with pytest.raises(FailedError):
            self.log.append(self.drafts(size)[1], derive=derive)

    @rule()
    def reopen(self):
        self.close()
        self.log = self.open()

    @rule()
    def crash(self):
        path = self.place / str(self.number()) / "ledger.db"
        copy_ledger(self.path, path)
        self.move(path)

    @rule(size=SIZES)
    def crash_in_a_commit(self, size):
        path = self.place / str(self.number()) / "ledger.db"

        def derive(transaction, first):
            copy_ledger(self.path, path)
            raise FailedError

        with pytest.raises(FailedError):
            self.log.append(self.drafts(size)[1], derive=derive)
        self.move(path)

    @rule()
    def rotate_key(self):
        new = self.fresh_key()
        rotate(self.log, self.key, new, by="dock-3", seqs=lambda _: self.key_seqs)
        if self.other is not None:
            with pytest.raises(KeyUnavailable):
                self.other.append(self.drafts(1)[1])
            self.close_other()
        self.key = new
        self.policy = Policy((*self.policy.keys, new.verifier))  # as the machine of the site does
        self.key_seqs.append(len(self.bodies))
        self.bodies.append(None)  # only the stored entry knows its signatures
        self.pinned.append(len(self.bodies))

    @precondition(lambda self: len(self.policy.keys) > 1)
    @rule()
    def revoke_the_key_before(self):
        """The last one that was replaced; it keeps what it signed while it was good."""
        old = self.policy.keys[-2]
        if old in self.revoked:
            return
        self.revoked.add(old)
        revoke(self.log, old, len(self.bodies), "lost", by="dock-3", seqs=lambda _: self.key_seqs)
        self.key_seqs.append(len(self.bodies))
        self.bodies.append({"revoke": str(old), "last_size": len(self.bodies), "reason": "lost"})
        self.pinned.append(len(self.bodies))

    @rule(share=SHARES)
    def prove(self, share):
        seq = int(share * len(self.bodies))
        with self.log._storage.snapshot() as view:
            reader = AuthenticReader(view, origin=ORIGIN, policy=self.policy, key_seqs=self.key_seqs)
            self.receipts.append((seq, make_receipt(reader, seq)))

    @rule(share=SHARES, where=SHARES, flip=st.integers(1, 255))
    def tamper_with_a_copy(self, share, where, flip):
        seq = int(share * len(self.bodies))
        path = self.place / "tampered" / "ledger.db"
        copy_ledger(self.path, path)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            (data,) = connection.execute("SELECT bytes FROM entry WHERE seq = ?", (seq,)).fetchone()
            changed = bytearray(data)
            changed[int(where * len(data))] ^= flip
            connection.execute("UPDATE entry SET bytes = ? WHERE seq = ?", (bytes(changed), seq))
        verdict = self.judge(path)
        assert (verdict.word, verdict.first_bad_seq) == ("tampered", seq)
        assert {found.seq for found in verdict.findings if found.check != "key"} == {seq}

    @rule()
    def keep_a_copy(self):
        path = self.place / "old" / "ledger.db"
        copy_ledger(self.path, path)
        self.old = (path, len(self.bodies), self.key)

    @precondition(lambda self: self.old is not None and self.old[1] < len(self.bodies))
    @rule()
    def restore_the_old_copy(self):
        """In place of the ledger; then the good one is put back."""
        old, size, key = self.old
        good = self.place / "good" / "ledger.db"
        self.close()
        copy_ledger(self.path, good)
        copy_ledger(old, self.path)
        verdict = self.judge(self.path)
        assert (verdict.word, verdict.first_bad_seq, verdict.size) == ("rolled_back", size, size)
        with closing(SqliteStorage(self.path, writable=True)) as storage, pytest.raises(RolledBack):
            Log(storage, key, self.clock, self.home)
        copy_ledger(good, self.path)
        self.log = self.open()

    @precondition(lambda self: self.old is not None and self.old[1] < len(self.bodies) and self.old[2] == self.key)
    @rule()
    def recover_with_the_old_copy(self):
        """In place of the ledger, for good: a new epoch, which gives up what came after."""
        old, size, key = self.old
        self.close()
        copy_ledger(old, self.path)
        with closing(SqliteStorage(self.path, writable=True)) as storage, storage.snapshot() as view:
            verdict = verify(view, origin=ORIGIN, policy=self.policy, pin=None)
            root = verdict.root
            number = len(verdict.epochs) + 2
        pin = load_pin(self.home, ORIGIN)
        body = epoch_body(number, "disk", kept=(size, root), old=pin, known=[], keys=[key.verifier], replaces=[])
        self.log = Log.begin_epoch(
            SqliteStorage(self.path, writable=True), key, self.clock, self.home, self.policy, body, "dock-3"
        )
        self.bodies = [*self.bodies[:size], body]
        self.key_seqs = [*(seq for seq in self.key_seqs if seq < size), size]
        self.receipts = [(seq, text) for seq, text in self.receipts if seq < size]
        self.revoked = {key for key in self.revoked if f'"revoke": "{key}"' in json.dumps(self.bodies)}
        self.pinned = [len(self.bodies)]
        self.old = None
        assert self.judge(self.path).epochs[-1].lost == pin.head.size - size

    # What always holds.

    @invariant()
    def is_what_the_list_says(self):
        if not hasattr(self, "log"):
            return
        verdict = self.judge(self.path)
        assert (verdict.word, verdict.size) == ("ok", len(self.bodies))
        with self.log._storage.snapshot() as view:
            stored = [data for _, data in view.entries()]
        assert verdict.root == root_of([leaf_hash(data) for data in stored])
        entries = [parse_entry(data) for data in stored]
        assert [entry.seq for entry in entries] == list(range(len(self.bodies)))
        for entry, body in zip(entries, self.bodies, strict=True):
            if body is None:
                assert (entry.kind, set(entry.body) >= {"rotate", "replaces"}) == ("key", True)
            else:
                assert entry.body == body

    @invariant()
    def is_pinned_at_its_last_commit(self):
        """The pin never leads and never shrinks: it is always the size of the last commit."""
        if hasattr(self, "log"):
            pin = load_pin(self.home, ORIGIN)
            assert pin.head.size == self.pinned[-1] == len(self.bodies)
            assert self.pinned == sorted(self.pinned)

    @invariant()
    def holds_by_its_receipts(self):
        if not getattr(self, "receipts", []):
            return
        with self.log._storage.snapshot() as view:
            policy, faults = follow(self.first_policy, ORIGIN, [(seq, view.entry(seq)) for seq in self.key_seqs])
        assert faults == []
        for seq, text in self.receipts:
            proven = check_receipt(text, policy)
            assert proven.entry.seq == seq
            assert self.bodies[seq] in (None, proven.entry.body)


LogMachine.TestCase.settings = settings(
    derandomize=True,
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestLog = LogMachine.TestCase
