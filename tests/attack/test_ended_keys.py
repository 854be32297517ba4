# SPDX-License-Identifier: Apache-2.0
"""Cases dismissed, and holds lifted, under a key whose time is over, or not begun: nobody believes it.

The thief has an old key and can write the file, its index too. This machine has seen heads of before the rotation,
and perhaps never verified the log since.
"""

import shutil

import pytest

import ledger.chain.log as chain_log
from ledger.chain.keys import load_key, make_key
from ledger.chain.log import Log
from ledger.chain.policy import Policy
from ledger.chain.reader import AuthenticReader
from ledger.chain.storage.sqlite import SqliteStorage
from ledger.custody.cases import closing_body
from ledger.custody.privacy import make_policy
from ledger.custody.recorder import Recorder
from trace_cli.context import now

ORIGIN = "acme.example/dc1"
COMMANDS = ["case list --all", "history BOX-07", "check BOX-07", "anomalies --no-record", "watch --once --since 0"]


def dismiss(site, key, case, believed):
    """Close a case and sign with a key, whatever the log says of that key."""
    store = SqliteStorage(site.path, writable=True)
    log = Log.__new__(Log)
    log._storage, log._key, log._clock, log._home = store, key, now, None
    log.pin_fault = log.clock_fault = log._last_rec = ""
    with store.snapshot() as view:
        reader = AuthenticReader(view, origin=ORIGIN, policy=Policy(tuple(believed)))
        log._tree, log._last_leaf, log._note = chain_log._continued(view, reader)
    body = closing_body(case, "dismissed", reason="there is nothing in it", release=None, hold=None)
    Recorder(log, make_policy()).record_judged("case", lambda *_: ([], body), by="boss", via="typed")
    store.close()


@pytest.fixture
def rotated(site, trace, monkeypatch):
    """A case is open, the key was rotated; the machine that asks has seen only what was before."""
    case = trace("suspect", "BOX-07", "--reason", "seen twice", "--json").answer["case"]
    home = site.folder / "home"
    old = load_key(home, ORIGIN)
    shutil.copytree(home, site.folder / "auditor")
    assert trace("key", "rotate").code == 0
    new = load_key(home, ORIGIN)
    monkeypatch.setenv("TRACE_HOME", str(site.folder / "auditor"))
    return site, case, old, new


@pytest.mark.parametrize("hide", [False, True])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_key_that_was_replaced(rotated, trace, command, hide):
    site, case, old, new = rotated
    dismiss(site, old, case, new.verifiers)
    if hide:
        site.sql("DELETE FROM d_kind WHERE kind = 'key'")
    ran = trace(*command.split())
    assert ran.code == 3, ran.out
    assert "dismissed" not in ran.out


@pytest.mark.parametrize("hide", [False, True])
def test_a_key_that_was_revoked(rotated, trace, hide, monkeypatch):
    site, case, old, new = rotated
    monkeypatch.setenv("TRACE_HOME", str(site.folder / "home"))
    name = old.verifier.key_id.hex()
    assert trace("key", "revoke", name, "--last-size", 301, "--reason", "stolen").code == 0
    monkeypatch.setenv("TRACE_HOME", str(site.folder / "auditor"))
    dismiss(site, old, case, new.verifiers)
    if hide:
        site.sql("DELETE FROM d_kind WHERE kind = 'key'")
    assert trace("case", "list", "--all").code == 3


def test_a_key_that_nobody_has_begun_to_believe(rotated, trace):
    site, case, _, new = rotated
    dismiss(site, make_key(ORIGIN), case, new.verifiers)
    for command in COMMANDS:
        assert trace(*command.split()).code == 3


@pytest.mark.parametrize("command", ["anomalies --no-record", "forecast --freq D --no-record", "verify"])
def test_what_was_verified_of_keys_is_remembered(rotated, trace, command):
    """A copy without the entry that ends a key does not give that key its time back."""
    from ledger.chain.policy import load_policy

    site, _, old, _ = rotated
    trace(*command.split())
    policy = load_policy(site.folder / "auditor", ORIGIN)
    assert not policy.may_sign(old.verifier, 10_000)


def test_the_true_key_goes_on(rotated, trace):
    site, case, _, new = rotated
    dismiss(site, new, case, new.verifiers)
    ran = trace("case", "list", "--all")
    assert (ran.code, "dismissed" in ran.out) == (0, True)
