# SPDX-License-Identifier: Apache-2.0
"""What somebody may try with keys, signatures and policies: the K cases of the attack corpus."""

import base64

import pytest

from ledger.chain.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from ledger.chain.entry import draft
from ledger.chain.errors import Refused
from ledger.chain.keyring import rotation_body, rotation_text
from ledger.chain.keys import load_key, make_key
from ledger.chain.log import Log
from ledger.chain.note import VerifierKey
from ledger.chain.policy import Policy, parse_policy
from ledger.chain.storage.sqlite import SqliteStorage
from ledger.chain.verify import verify
from trace_cli.context import now

ORIGIN = "acme.example/dc1"
SCAN = ("scan", "BOX-1", "--step", "receiving", "--place", "D1")


class Attacked:
    """A hybrid site of three entries, and its ways in."""

    def __init__(self, folder, trace):
        self.folder, self.home, self.trace = folder, folder / "home", trace
        self.path = folder / "ledger.db"
        for command in (("init", ".", "--org", "acme.example", "--site", "dc1", "--hybrid"), SCAN, SCAN):
            ran = trace(*command)
            assert ran.code == 0, ran.err

    @property
    def key(self):
        return load_key(self.home, ORIGIN)

    @property
    def policy(self):
        return self.home / "policy" / "acme.example" / "dc1.policy"

    def head(self):
        store = SqliteStorage(self.path, writable=False)
        with store.snapshot() as view:
            note = view.head()
        store.close()
        return parse_checkpoint(note)

    def put_note(self, note):
        import sqlite3

        with sqlite3.connect(self.path) as connection:
            connection.execute(
                "UPDATE checkpoint SET note = ? WHERE size = (SELECT max(size) FROM checkpoint)", (note,)
            )
        connection.close()

    def verdict(self, *arguments):
        before = self.path.read_bytes()
        ran = self.trace("verify", "--json", *arguments)
        assert self.path.read_bytes() == before
        assert ran.code == (0 if ran.answer["verdict"] == "ok" else 3)
        return ran.answer["verdict"]

    def append(self, body):
        """What a hostile or broken signer, who has the key, could write."""
        store = SqliteStorage(self.path, writable=True)
        log = Log(store, self.key, now, None)
        log.append([draft("key", body, by="x", via="typed")])
        log.close()


@pytest.fixture
def site(tmp_path, monkeypatch, capsys):
    from trace_cli.main import run

    monkeypatch.setenv("TRACE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TRACE_PASSPHRASE_FILE", raising=False)
    monkeypatch.chdir(tmp_path)

    class Ran:
        def __init__(self, code, out, err):
            import json

            self.code, self.out, self.err = code, out, err
            self.answer = json.loads(out) if out.startswith("{") else None

    def trace(*arguments):
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            run([str(argument) for argument in arguments])
        written = capsys.readouterr()
        assert "Traceback" not in written.err
        return Ran(int(left.value.code or 0), written.out, written.err)

    return Attacked(tmp_path, trace)


@pytest.mark.parametrize("line", [0, 1])
def test_k01_a_line_is_taken_away(site, line):
    text, _, lines = site.head().note.rpartition("\n\n")
    kept = lines.splitlines(keepends=True)
    del kept[line]
    site.put_note(f"{text}\n\n{''.join(kept)}")
    assert site.verdict() == "untrusted"
    assert site.trace("log").code == 3
    assert site.trace(*SCAN).code == 3


def test_k04_k05_unknown_lines(site):
    note = site.head().note
    line = note.splitlines()[-1]
    others = [
        f"— other.example/x{n} {base64.b64encode(bytes([n, 1, 2, 3]) + bytes(64)).decode()}\n" for n in range(15)
    ]
    assert line.startswith("— ")
    site.put_note(note + "".join(others))
    assert site.verdict() == "ok"
    site.put_note(note + "".join(others) * 700)
    assert site.verdict() == "tampered"


def test_k06_same_name_and_id_another_key(site):
    """The line carries the id of the believed key, the signature is another key's."""
    thief = make_key(ORIGIN, hybrid=True)
    head = site.head()
    forged = head.head.text + "\n"
    for signer, verifier in zip(thief.signers, site.key.verifiers, strict=True):
        blob = verifier.key_id + signer.sign_text(ORIGIN, head.head.text, 1)
        forged += f"— {ORIGIN} {base64.b64encode(blob).decode()}\n"
    site.put_note(forged)
    assert site.verdict() == "untrusted"


def test_k10_bytes_behind_a_signature(site):
    key = site.key
    head = site.head().head
    for number in (0, 1):
        lines = []
        for at, (signer, verifier) in enumerate(zip(key.signers, key.verifiers, strict=True)):
            blob = verifier.key_id + signer.sign_text(ORIGIN, head.text, 1) + b"\0" * (at == number)
            lines.append(f"— {ORIGIN} {base64.b64encode(blob).decode()}\n")
        site.put_note(f"{head.text}\n{''.join(lines)}")
        assert site.verdict() == "untrusted"


def test_k13_a_rotation_not_signed_by_the_old_key(site):
    new, thief = make_key(ORIGIN), make_key(ORIGIN)
    body = rotation_body(ORIGIN, 3, site.key.signer, new.signer)
    body["old_signature"] = rotation_body(ORIGIN, 3, thief.signer, new.signer)["old_signature"]
    site.append(body)
    assert site.verdict() == "untrusted"
    assert site.trace("verify", "--json").answer["first_bad_seq"] == 3


def test_k14_a_rotation_without_possession(site):
    body = rotation_body(ORIGIN, 3, site.key.signer, make_key(ORIGIN).signer)
    site.append({**body, "new_signature": body["old_signature"]})
    assert site.verdict() == "untrusted"
    assert site.trace("verify", "--json").answer["first_bad_seq"] == 3


def test_k15_rotated_twice_and_revoked(site):
    first = [str(key) for key in site.key.verifiers]
    trust = site.policy.read_text()
    for _ in range(2):
        ran = site.trace("key", "rotate", "--json")
        assert ran.code == 0, ran.err
        assert site.trace(*SCAN).code == 0
    assert ran.answer["verifier_keys"] == [str(key) for key in site.key.verifiers]
    assert site.verdict() == "ok"
    # A machine that knows only the first keys follows; one that knows another key does not.
    old = site.folder / "old.policy"
    old.write_text(trust)
    assert site.verdict("--policy", old) == "ok"
    assert site.verdict("--key", first[0]) == "ok"
    assert site.verdict("--key", str(make_key(ORIGIN).verifier)) == "untrusted"
    assert site.trace("key", "revoke", first[0], "--last-size", "3", "--reason", "stolen").code == 0
    assert site.verdict() == "ok"
    assert site.verdict("--policy", old) == "ok"
    for wrong, code in ((site.key.verifier, 5), ("01020304", 4), ("x+y", 5)):
        assert site.trace("key", "revoke", wrong, "--last-size", "3", "--reason", "x").code == code
    assert site.trace("key", "revoke", first[1], "--last-size", "99", "--reason", "x").code == 5
    assert site.verdict() == "ok"
    assert site.trace("history", "BOX-1").code == site.trace("log").code == 0
    assert site.trace("prove", "1", "-o", "one.tlog-proof").code == 0
    assert site.verdict("one.tlog-proof") == "ok"


def test_k15_the_old_key_file_comes_back(site):
    path = site.home / "keys" / "acme.example" / "dc1.key"
    old = path.read_text()
    assert site.trace("key", "rotate").code == 0
    new = path.read_text()
    assert new != old
    path.write_text(old)
    assert site.trace(*SCAN).code == 7
    path.write_text(new)
    assert site.trace(*SCAN).code == 0
    path.write_text(old)
    assert site.trace(*SCAN).code == 3
    assert site.verdict() == "ok"


@pytest.mark.parametrize(
    "change", [lambda text: text[:50], lambda text: "x", lambda text: text[::-1], lambda text: ""]
)
def test_k17_damaged_key_files(site, change):
    path = site.home / "keys" / "acme.example" / "dc1.key"
    path.write_text(change(path.read_text()))
    before = site.path.read_bytes()
    for command in (SCAN, ("key", "rotate"), ("key", "export", ORIGIN)):
        assert site.trace(*command).code == 7
    assert site.path.read_bytes() == before
    assert site.verdict() == "ok"


def test_k18_a_signature_for_one_purpose_is_none_for_another(site):
    """Checkpoints of either algorithm and rotations never have the same bytes."""
    key, new = site.key, make_key(ORIGIN, hybrid=True)
    head = site.head()
    note_signatures = [line.signature for line in head.parsed.signatures]
    for number in (0, 1):
        old, verifier = key.verifiers[number], new.verifiers[number]
        text = rotation_text(ORIGIN, 3, old, verifier)
        assert not old.verify(text.encode(), note_signatures[number][-2420:])
        assert not old.verify_text(head.head.text, key.signers[number].sign(text.encode()))
    # ML-DSA-44 over the plain text of the checkpoint, as Ed25519 does it, is no checkpoint signature.
    plain = note_signatures[1][:8] + key.signers[1].sign(head.head.text.encode())
    assert not key.verifiers[1].verify_text(head.head.text, plain)
    # Nor can the checkpoint of a log be a rotation, whatever its origin.
    odd = Checkpoint("trace/key-rotation/v1", 3, bytes(32)).text
    assert odd.split("\n")[1].isdigit()
    assert not text.split("\n")[1].isdigit()


@pytest.mark.parametrize("policy", ["", "quorum none\n", "{key}{key}", "log x\n", "{key}believe everybody\n"])
def test_k19_policies_under_which_nothing_is_ok(site, policy):
    line = f"log {site.key.verifier}\n"
    text = policy.replace("{key}", line)
    with pytest.raises(Refused):
        parse_policy(text)
    site.policy.write_text(text)
    assert site.trace("verify").code in (2, 3, 5)
    assert site.trace("log").code != 0
    (site.folder / "given.policy").write_text(text)
    assert site.trace("verify", "--policy", "given.policy").code == 2
    site.policy.unlink()
    assert site.verdict() == "untrusted"


@pytest.mark.parametrize(
    "other", ["acme.example/dc1 ", "Acme.example/dc1", "аcme.example/dc1", "acme.example/dc1\u200b"]
)
def test_k20_origins_that_look_alike(site, other):
    key, head = site.key, site.head().head
    try:
        note = sign_checkpoint(Checkpoint(other, head.size, head.root), key.signers)
    except Refused:
        return  # the name of a key holds no white space
    site.put_note(note)
    assert site.verdict() == "tampered"
    store = SqliteStorage(site.path, writable=False)
    with store.snapshot() as view:
        found = verify(view, origin=None, policy=Policy(key.verifiers), pin=None)
    store.close()
    assert found.word == "untrusted"


def test_a_key_of_another_name_does_not_count(site):
    thief = make_key(ORIGIN)
    named = VerifierKey("other.example/x", 1, thief.signer.public)
    site.append(rotation_body(ORIGIN, 3, thief.signer, thief.signer) | {"rotate": str(named)})
    assert site.verdict() == "untrusted"
