# SPDX-License-Identifier: Apache-2.0
"""`trace doctor`: each ailment is named with its remedy, and nothing is changed."""

import sqlite3
from collections import namedtuple
from datetime import UTC, datetime

import pytest

from ledger.chain.storage.health import has_wal_reset_bug
from trace_cli.reports import health

ROWS = "time,step,item,place\n2026-03-01T08:00:00Z,receiving,PALLET-1,DOCK-3\n"
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def folder(ledger_of):
    return ledger_of(ROWS)


@pytest.fixture
def ask(trace):
    def run(*arguments):
        ran = trace("doctor", *arguments, "--json")
        assert ran.answer["schema"] == "trace.doctor/1"
        checks = ran.answer["checks"]
        assert all(set(check) == {"name", "status", "message", "remedy"} for check in checks)
        assert ran.code == (1 if any(check["status"] == "fail" for check in checks) else 0)
        return {check["name"]: check for check in checks}

    return run


def state(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and "-shm" not in path.name}


def test_a_healthy_ledger(ask, folder):
    before = state(folder)
    found = ask()
    assert state(folder).items() >= before.items()
    assert {name for name, check in found.items() if check["status"] != "ok"} <= {"sqlite"}
    assert set(found) >= {"trace", "python", "sqlite", "cryptography", "sqlite-utils", "modes", "key", "policy"}
    assert set(found) >= {"pin", "ledger", "journal", "index", "clock", "space"}
    assert "OpenSSL" in found["cryptography"]["message"]
    assert "WAL" in found["journal"]["message"]
    assert "FULL" in found["journal"]["message"]


def test_it_speaks_to_people(trace, folder):
    ran = trace("doctor")
    assert ran.code == 0
    assert all(line.startswith(("ok ", "warn", "fail", "   ")) for line in ran.out.splitlines())


def test_no_ledger_is_no_illness(ask, tmp_path, monkeypatch):
    monkeypatch.setenv("TRACE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    found = ask()
    assert (found["ledger"]["status"], found["home"]["status"]) == ("warn", "warn")
    assert "trace init" in found["ledger"]["remedy"]
    assert not (tmp_path / "home").exists()


def test_a_ledger_that_was_named_must_be_there(ask, tmp_path):
    assert ask("--ledger", tmp_path)["ledger"]["status"] == "fail"


def test_settings_that_cannot_be_read(ask, folder):
    (folder / "trace.toml").write_text("[ledger")
    assert ask()["ledger"]["status"] == "fail"


@pytest.mark.parametrize(
    ("version", "has"), [("3.40.1", True), ("3.51.2", True), ("3.51.3", False), ("3.60.0", False)]
)
def test_the_wal_reset_bug_is_named_where_it_applies(ask, folder, monkeypatch, version, has):
    assert has_wal_reset_bug(version) is has
    monkeypatch.setattr("ledger.chain.storage.health.sqlite_version", lambda: version)
    check = ask()["sqlite"]
    assert check["status"] == ("warn" if has else "ok")
    assert version in check["message"]
    assert ("One writer and read-only readers" in check["message"]) is has


@pytest.mark.parametrize("name", ["keys/acme.example/dc1.key", "policy/acme.example/dc1.policy"])
def test_files_that_others_may_use(ask, folder, name):
    path = folder / "home" / name
    path.chmod(0o640)
    check = ask()["modes"]
    assert check["status"] == "fail"
    assert check["remedy"] == f"chmod 600 {path}"


def test_directories_that_others_may_write(ask, folder):
    (folder / "home" / "keys").chmod(0o777)
    check = ask()["modes"]
    assert (check["status"], check["remedy"]) == ("fail", f"chmod 700 {folder / 'home' / 'keys'}")


def test_a_missing_key_policy_and_pin(ask, folder):
    for name in ("keys", "policy", "pins"):
        for path in (folder / "home" / name).rglob("dc1.*"):
            path.unlink()
    found = ask()
    assert [found[name]["status"] for name in ("key", "policy", "pin")] == ["warn", "fail", "warn"]
    assert found["pin"]["remedy"] == "trace verify"


@pytest.mark.parametrize("name", ["policy", "pin"])
def test_damaged_trust(ask, folder, name):
    path = next((folder / "home").rglob(f"dc1.{name}"))
    path.write_text("nonsense\n")
    check = ask()[name]
    assert check["status"] == "fail"
    assert check["remedy"]


def test_a_ledger_behind_its_pin(ask, trace, folder):
    trace("backup", "old.db")
    trace("scan", "PALLET-2", "--step", "receiving", "--place", "DOCK-3")
    for path in folder.glob("ledger.db*"):
        path.unlink()
    (folder / "old.db").rename(folder / "ledger.db")
    check = ask()["ledger"]
    assert check["status"] == "fail"
    assert "3 were seen" in check["message"]
    assert "trace verify" in check["remedy"]


def test_a_ledger_that_is_no_ledger(ask, folder):
    for path in folder.glob("ledger.db*"):
        path.unlink()
    (folder / "ledger.db").write_bytes(b"hello")
    assert ask()["ledger"]["status"] == "fail"


@pytest.mark.parametrize("damage", ["UPDATE d_meta SET value = 1", "DROP TABLE d_meta"])
def test_an_index_that_is_behind_or_gone(ask, folder, damage):
    with sqlite3.connect(folder / "ledger.db") as connection:
        connection.execute(damage)
    connection.close()
    check = ask()["index"]
    assert check["status"] == "warn"
    assert check["remedy"]


def test_another_journal_mode(ask, folder):
    with sqlite3.connect(folder / "ledger.db") as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    check = ask()["journal"]
    assert check["status"] == "warn"
    assert "DELETE" in check["message"]


def test_a_clock_that_went_back(ask, folder, monkeypatch):
    monkeypatch.setattr("trace_cli.context.now", lambda: datetime(2020, 1, 1, tzinfo=UTC))
    check = ask()["clock"]
    assert check["status"] == "warn"
    assert "2020-01-01" in check["message"]


@pytest.mark.parametrize(("free", "status"), [(10**6, "fail"), (5 * 10**7, "warn"), (10**12, "ok")])
def test_free_space(ask, folder, monkeypatch, free, status):
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _: Usage(10**13, 0, free))
    assert ask()["space"]["status"] == status
