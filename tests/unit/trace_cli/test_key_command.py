# SPDX-License-Identifier: Apache-2.0
"""`trace key`, passphrases on the command line, and hybrid sites."""

import os

import pytest

from ledger.chain import sealing

ORIGIN = "acme.example/dc1"
SCAN = ("scan", "BOX-1", "--step", "receiving", "--place", "D1")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TRACE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TRACE_PASSPHRASE_FILE", raising=False)
    monkeypatch.setattr(sealing, "COST", sealing.Cost(64, 1, 1))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture
def word(tmp_path):
    """Writes a file with a passphrase."""

    def write(name, text="secret\n", mode=0o600):
        path = tmp_path / name
        path.write_text(text)
        path.chmod(mode)
        return path

    return write


@pytest.fixture
def sealed(home, trace, word):
    """A ledger whose key has a passphrase, and the file that holds it."""
    path = word("pass")
    ran = trace("init", ".", "--org", "acme.example", "--site", "dc1", "--passphrase", "--passphrase-file", path)
    assert ran.code == 0, ran.err
    return path


def test_keys_are_made_and_listed(home, trace):
    assert trace("key", "list", "--json").answer["keys"] == []
    made = trace("key", "new", "acme.example/dc2", "--hybrid", "--json")
    assert made.code == 0, made.err
    assert trace("key", "new", ORIGIN).code == 0
    rows = trace("key", "list", "--json").answer["keys"]
    assert [(row["origin"], len(row["verifier_keys"]), row["sealed"], row["mode"]) for row in rows] == [
        (ORIGIN, 1, False, "0600"),
        ("acme.example/dc2", 2, False, "0600"),
    ]
    assert [key["verifier_key"] for key in rows[1]["verifier_keys"]] == made.answer["verifier_keys"]
    assert "ML-DSA-44" in trace("key", "list").out
    again = trace("key", "new", ORIGIN)
    assert (again.code, "already" in again.err) == (5, True)
    assert trace("init", ".", "--org", "acme.example", "--site", "dc2", "--use-key").code == 0
    assert trace("verify").code == 0


@pytest.mark.parametrize("origin", ["acme", "ACME.example/dc1", "аcme.example/dc1", "acme.example/dc1 ", "../x/y"])
def test_origins_that_look_like_others_are_refused(home, trace, origin):
    """K20: an origin is lower-case ASCII, compared as bytes."""
    assert trace("key", "new", origin).code == 5
    assert not (home / "keys").exists()


def test_a_list_tells_what_is_wrong_with_a_key(home, trace):
    trace("key", "new", ORIGIN)
    path = home / "keys" / "acme.example" / "dc1.key"
    path.chmod(0o644)
    row = trace("key", "list", "--json").answer["keys"][0]
    assert row["remedy"] == f"chmod 600 {path}"
    assert "0644" in trace("key", "list").out


def test_a_key_is_moved_to_another_machine(sealed, home, trace, monkeypatch, tmp_path):
    assert trace("key", "export", ORIGIN, "--private").code == 2
    assert trace("key", "export", ORIGIN, "--private", "-o", "moved.key").code == 0
    assert trace("key", "export", ORIGIN, "--private", "-o", "moved.key").code == 1
    assert (tmp_path / "moved.key").stat().st_mode & 0o777 == 0o600
    public = trace("key", "export", ORIGIN).out
    monkeypatch.setenv("TRACE_HOME", str(tmp_path / "other"))
    assert trace("key", "import", "moved.key").code == 0
    assert trace("key", "import", "moved.key").code == 5
    assert trace("key", "export", ORIGIN).out == public
    assert trace(*SCAN, "--passphrase-file", sealed).code == 0
    assert trace("verify").code == 0


def test_a_locked_key_is_told(sealed, trace):
    for command in (SCAN, ("key", "passphrase", ORIGIN)):
        ran = trace(*command)
        assert ran.code == 7
        assert "--passphrase-file" in ran.err
    assert trace("verify").code == 0


def test_passphrases_come_from_files_and_descriptors(sealed, trace, word, monkeypatch):
    assert trace("--passphrase-file", sealed, *SCAN).code == 0
    assert trace(*SCAN, f"--passphrase-file={sealed}").code == 0
    monkeypatch.setenv("TRACE_PASSPHRASE_FILE", str(sealed))
    assert trace(*SCAN).code == 0
    monkeypatch.delenv("TRACE_PASSPHRASE_FILE")
    reader, writer = os.pipe()
    os.write(writer, b"secret\n")
    os.close(writer)
    assert trace(*SCAN, "--passphrase-fd", reader).code == 0
    os.close(reader)
    assert trace(*SCAN).code == 7


def test_wrong_passphrases_record_nothing(sealed, trace, word):
    before = trace("log", "--json").out
    for path, told in (
        (word("wrong", "secreT\n"), "does not open"),
        (word("open", mode=0o644), "chmod 600"),
        ("missing", "missing"),
        (word("empty", ""), "does not open"),
    ):
        ran = trace(*SCAN, "--passphrase-file", path)
        assert ran.code == 7
        assert told in ran.err
    assert trace(*SCAN, "--passphrase-fd", "99").code == 7
    assert trace(*SCAN, "--passphrase-fd", "x").code == 2
    assert trace(*SCAN, "--passphrase-file").code == 2
    assert trace("log", "--json").out == before


def test_what_follows_two_dashes_is_no_option(sealed, trace):
    ran = trace(*SCAN, "--", "--passphrase-file")
    assert ran.code == 7


def test_a_passphrase_is_set_changed_and_removed(home, trace, word):
    one, two = word("one", "first\n"), word("two", "second\n")
    assert trace("init", ".", "--org", "acme.example", "--site", "dc1").code == 0
    assert trace("key", "passphrase", ORIGIN, "--passphrase-file", one).code == 0
    assert trace("key", "list", "--json").answer["keys"][0]["sealed"] is True
    change = ("key", "passphrase", ORIGIN, "--new-passphrase-file", two, "--passphrase-file")
    assert trace(*change, two).code == 7
    assert trace(*change, one).code == 0
    assert trace(*SCAN, "--passphrase-file", one).code == 7
    assert trace(*SCAN, "--passphrase-file", two).code == 0
    assert trace("key", "passphrase", ORIGIN, "--remove", "--passphrase-file", two).code == 0
    assert trace(*SCAN).code == 0


def test_an_empty_passphrase_is_none(home, trace, word):
    ran = trace("key", "new", ORIGIN, "--passphrase", "--passphrase-file", word("empty", "\n"))
    assert ran.code == 5
    assert trace("key", "list", "--json").answer["keys"] == []


def test_a_hybrid_site_is_small_enough(home, trace, tmp_path):
    begun = trace("init", ".", "--org", "acme.example", "--site", "dc1", "--hybrid", "--json")
    assert len(begun.answer["verifier_keys"]) == 2
    assert trace(*SCAN).code == 0
    assert trace("verify").code == 0
    event = trace("log", "--json").answer["events" if "events" in trace("log", "--json").answer else "entries"]
    assert event
    assert trace("prove", "1", "-o", "one.tlog-proof").code == 0
    assert trace("verify", "one.tlog-proof").code == 0
    text = (tmp_path / "one.tlog-proof").read_text()
    extra = next(line for line in text.splitlines() if line.startswith("extra "))
    assert len(text) - len(extra) < 4_600


def test_a_sealed_key_is_rotated_under_the_same_passphrase(sealed, home, trace):
    before = trace("key", "list", "--json").answer["keys"][0]
    assert trace("key", "rotate").code == 7
    assert trace("key", "list", "--json").answer["keys"][0] == before
    ran = trace("key", "rotate", "--passphrase-file", sealed)
    assert ran.code == 0, ran.err
    after = trace("key", "list", "--json").answer["keys"][0]
    assert after["sealed"]
    assert after["verifier_keys"] != before["verifier_keys"]
    assert trace(*SCAN, "--passphrase-file", sealed).code == 0
    old = before["verifier_keys"][0]["id"]
    size = trace("verify", "--json").answer["size"]
    revoke = (
        "key",
        "revoke",
        old,
        "--last-size",
        "1",
        "--reason",
        "stolen",
        "--json",
        "--passphrase-file",
        sealed,
    )
    revoked = trace(*revoke)
    assert (revoked.code, revoked.answer["seq"]) == (0, size)
    assert trace("verify").code == 0
    assert trace("history", "BOX-1").code == 0


def test_a_rotation_that_was_cut_off_goes_on(home, trace, monkeypatch):
    from ledger.chain import home as home_module

    assert trace("init", ".", "--org", "acme.example", "--site", "dc1", "--hybrid").code == 0
    real = home_module.move_secret
    keys = home / "keys" / "acme.example"

    def power_cut(source, target):
        if source.name.endswith(".next"):
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr(home_module, "move_secret", power_cut)
    assert trace("key", "rotate").code == 130
    monkeypatch.undo()
    monkeypatch.setenv("TRACE_HOME", str(home))
    monkeypatch.chdir(home.parent)
    assert (keys / "dc1.key.next").exists()
    new = (keys / "dc1.key.next").read_text()
    assert trace(*SCAN).code == 0
    assert (keys / "dc1.key").read_text() == new
    assert not (keys / "dc1.key.next").exists()
    assert trace("verify").code == 0


def test_only_one_process_rotates(home, trace):
    import fcntl

    assert trace("init", ".", "--org", "acme.example", "--site", "dc1").code == 0
    with (home / "keys" / "acme.example" / "dc1.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert trace("key", "rotate").code == 6
    assert trace("key", "rotate").code == 0
