# SPDX-License-Identifier: Apache-2.0
"""After a restored backup or a lost key the log goes on, says so for ever, and makes nobody forget."""

import shutil

import pytest


def scan(shell, *codes):
    return shell.good("scan", *codes, "--step", "receiving", "--place", "DOCK-3")


def put(source, target):
    for end in ("", "-wal", "-shm"):
        target.with_name(target.name + end).unlink(missing_ok=True)
    shutil.copy(source, target)


@pytest.fixture
def restored(site):
    """A site of which three entries are lost, and a partner who has seen them."""
    scan(site, "BOX-1", "BOX-2")
    site.good("backup", "backup.db")
    scan(site, "BOX-3", "BOX-4", "BOX-5")
    shutil.copytree(site.home, site.home.with_name("partner-home"))
    put(site.ledger, site.folder / "rescued.db")
    put(site.folder / "backup.db", site.ledger)
    return site


@pytest.fixture
def partner(restored):
    return type(restored)(restored.folder, restored.home.with_name("partner-home"))


def test_a_restored_backup_goes_on_and_says_what_was_lost(restored):
    refused = restored.run("scan", "BOX-6", "--step", "receiving", "--place", "DOCK-3")
    assert (refused.code, "trace recover" in refused.err) == (3, True)
    size = restored.run("verify", "--json").answer["size"]
    answer = restored.good(
        "recover", "--reason", "disk failed", "--old", restored.folder / "rescued.db", "--json"
    ).answer
    assert (answer["epoch"], answer["seq"], answer["size"]) == (2, size, size + 1)
    assert (answer["lost"]["first"], answer["lost"]["count"]) == (size, answer["old"]["size"] - size)
    assert [one["seq"] for one in answer["lost"]["known"]] == list(range(size, answer["old"]["size"]))
    assert all(one["event"] for one in answer["lost"]["known"])
    scan(restored, "BOX-6")
    for how in ("--full", "--quick"):
        verdict = restored.good("verify", how, "--json").answer
        (epoch,) = verdict["epochs"]
        assert (verdict["verdict"], epoch["reason"], epoch["lost"]) == ("ok", "disk failed", 3)
        assert epoch["old_believed"]


def test_who_saw_the_lost_entries_is_told_and_decides(restored, partner):
    restored.good("recover", "--reason", "disk failed")
    told = partner.run("verify", "--json")
    assert (told.code, told.answer["verdict"]) == (3, "rolled_back")
    assert "disk failed" in told.answer["findings"][0]["message"]
    scan(restored, "BOX-6", "BOX-7", "BOX-8", "BOX-9")
    told = partner.run("verify", "--json")
    assert (told.code, told.answer["verdict"]) == (3, "forked")
    assert "--accept-epoch" in told.answer["findings"][0]["remedy"]
    accepted = partner.good("verify", "--accept-epoch", "--json").answer
    assert (accepted["verdict"], len(accepted["epochs"])) == ("ok", 1)
    assert partner.good("verify", "--json").answer["anchor"]["kind"] == "pinned"


def test_a_rollback_without_a_declared_epoch_is_not_accepted(restored, partner):
    told = partner.run("verify", "--accept-epoch")
    assert (told.code, "given up" in told.err) == (3, True)
    assert partner.run("verify", "--json").answer["verdict"] == "rolled_back"


def test_an_epoch_that_gives_up_less_than_was_seen_is_not_accepted(restored, partner):
    """The owner recovers on a machine that knows less than the partner does."""
    known = restored.home / "pins"
    shutil.rmtree(known)
    restored.good("verify")  # pins the older head
    scan(restored, "BOX-6")
    told = partner.run("verify", "--accept-epoch", "--json")
    assert told.code == 3
    assert restored.run("recover", "--reason", "none").code == 5


def test_nothing_to_recover_from_is_refused(site):
    scan(site, "BOX-1")
    before = site.ledger.read_bytes()
    ran = site.run("recover", "--reason", "a whim")
    assert (ran.code, "nothing to recover" in ran.err) == (5, True)
    assert site.ledger.read_bytes() == before


@pytest.mark.parametrize("sealed", [False, True])
def test_a_lost_key_is_replaced_and_its_time_is_over(site, sealed, tmp_path):
    scan(site, "BOX-1")
    key = site.home / "keys" / "acme.example" / "dc1.key"
    lost = key.read_text()
    key.unlink()
    assert site.run("recover", "--reason", "stolen").code == 7
    more = []
    if sealed:
        word = tmp_path / "word"
        word.write_text("correct horse\n")
        word.chmod(0o600)
        more = ["--passphrase", "--passphrase-file", word]
    answer = site.good("recover", "--new-key", "--reason", "stolen", "--json", *more).answer
    assert (answer["lost"]["count"], len(answer["replaces"]), len(answer["keys"])) == (0, 1, 1)
    site.good("scan", "BOX-2", "--step", "receiving", "--place", "DOCK-3", *more[1:])
    assert site.good("verify", "--json").answer["epochs"][0]["replaces"] == answer["replaces"]
    # The thief has the old key: nothing that it signs is believed any more.
    key.write_text(lost)
    thief = site.run("scan", "BOX-3", "--step", "receiving", "--place", "DOCK-3")
    assert thief.code in (3, 7)
    old_only = site.run("verify", "--key", answer["replaces"][0], "--json")
    assert (old_only.code, old_only.answer["verdict"], old_only.answer["epochs"]) == (3, "untrusted", [])
    assert site.good("verify", "--key", answer["keys"][0], "--json").answer["verdict"] == "ok"


def test_a_lost_home_needs_the_key_that_others_know(site, tmp_path):
    scan(site, "BOX-1")
    vkey = site.good("key", "export", "acme.example/dc1").out.split()[-1]
    fresh = type(site)(site.folder, tmp_path / "fresh-home")
    assert fresh.run("recover", "--new-key", "--reason", "all lost").code == 3
    fresh.good("recover", "--new-key", "--reason", "all lost", "--key", vkey)
    scan(fresh, "BOX-2")
    assert fresh.good("verify", "--json").answer["verdict"] == "ok"


def test_a_ledger_that_was_tampered_with_is_no_beginning(site):
    import sqlite3

    scan(site, "BOX-1", "BOX-2")
    (site.home / "keys" / "acme.example" / "dc1.key").unlink()
    with sqlite3.connect(site.ledger) as connection:
        connection.execute("UPDATE entry SET bytes = CAST(replace(bytes, 'BOX-1', 'BOX-7') AS BLOB) WHERE seq = 1")
    connection.close()
    ran = site.run("recover", "--new-key", "--reason", "lost")
    assert (ran.code, "tampered" in ran.err) == (3, True)


def test_what_is_gone_after_an_epoch_was_seen_is_a_rollback_like_any_other(restored):
    restored.good("recover", "--reason", "disk failed")
    put(restored.ledger, restored.folder / "earlier.db")
    scan(restored, "BOX-6")
    put(restored.folder / "earlier.db", restored.ledger)
    told = restored.run("verify", "--json")
    (finding,) = told.answer["findings"]
    assert (told.code, told.answer["verdict"]) == (3, "rolled_back")
    assert "find the newer copy" in finding["remedy"]
    assert restored.run("verify", "--accept-epoch").code == 3
    # The owner may have had a second mishap, and then says so.
    assert restored.good("recover", "--reason", "again", "--json").answer["epoch"] == 3


def test_a_replaced_key_has_no_say_again_whatever_a_copy_leaves_out(site, tmp_path):
    """The thief has a copy from before and the old key, and tells of an epoch of his own."""
    scan(site, "BOX-1", "BOX-2")
    stolen = type(site)(tmp_path / "stolen", tmp_path / "stolen-home")
    shutil.copytree(site.folder, stolen.folder)
    shutil.copytree(site.home, stolen.home)
    (site.home / "keys" / "acme.example" / "dc1.key").unlink()
    site.good("recover", "--new-key", "--reason", "stolen")
    scan(site, "BOX-3")
    put(site.ledger, site.folder / "true.db")
    for codes in ("X-1", "X-2", "X-3"):
        scan(stolen, codes)
    for what, name in (("X-3", "forged.bundle"), ("5", "forged.tlog-proof")):
        stolen.good("prove", what, "-o", site.folder / name)
        told = site.run("verify", site.folder / name, "--json")
        assert (told.code, told.answer["verdict"]) == (3, "untrusted"), name
    put(stolen.ledger, site.ledger)
    assert site.run("verify", "--json").answer["verdict"] == "untrusted"
    assert site.run("verify", "--accept-epoch", "--json").answer["verdict"] == "untrusted"
    put(site.folder / "true.db", site.ledger)
    assert site.good("verify", "--json").answer["verdict"] == "ok"


def test_after_a_rotation_the_old_key_forges_nothing_here(site, tmp_path):
    scan(site, "BOX-1")
    stolen = type(site)(tmp_path / "stolen", tmp_path / "stolen-home")
    shutil.copytree(site.folder, stolen.folder)
    shutil.copytree(site.home, stolen.home)
    site.good("key", "rotate")
    scan(stolen, "X-1", "X-2", "X-3")
    stolen.good("prove", "X-3", "-o", site.folder / "forged.bundle")
    assert site.run("verify", site.folder / "forged.bundle").code == 3
    assert site.good("verify", "--json").answer["verdict"] == "ok"


def test_lost_entries_and_a_lost_key_at_once(restored, partner):
    (restored.home / "keys" / "acme.example" / "dc1.key").unlink()
    answer = restored.good("recover", "--new-key", "--reason", "fire", "--json").answer
    assert answer["lost"]["count"] == 3
    assert restored.good("verify", "--json").answer["verdict"] == "ok"
    # The partner believes the new key, and still sees that entries are gone.
    policy = partner.home / "policy" / "acme.example" / "dc1.policy"
    policy.write_text(f"log {answer['keys'][0]}\n{policy.read_text()}")
    told = partner.run("verify", "--json")
    assert (told.code, told.answer["verdict"]) == (3, "rolled_back")
    assert partner.good("verify", "--accept-epoch", "--json").answer["verdict"] == "ok"


def test_a_reason_is_one_line(site):
    (site.home / "keys" / "acme.example" / "dc1.key").unlink()
    for reason in ("all is well\nOK  acme.example/dc1", "a\u202eb", "x" * 501, " "):
        assert site.run("recover", "--new-key", "--reason", reason).code == 5
