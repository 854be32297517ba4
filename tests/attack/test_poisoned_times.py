# SPDX-License-Identifier: Apache-2.0
"""Events that a partner dates as he likes: no answer is moved into a time that the ledger has not reached."""

from datetime import UTC, datetime, timedelta

import pytest

HEAD = "time,step,item,product,place,to\n"


def history_rows(days=40):
    """Four things a day are made, shipped, received and sold."""
    rows = []
    for day in range(days):
        for number in range(4):
            made = datetime(2026, 1, 1, number, tzinfo=UTC) + timedelta(days=day)
            said = (("commissioning", 0, "A", ""), ("shipping", 5, "A", "B"), ("receiving", 12 + number, "B", ""))
            for step, hours, place, to in (*said, ("retail_selling", 36 + number, "B", "")):
                at = made + timedelta(hours=hours)
                rows.append(f"{at:%Y-%m-%dT%H:%M:%SZ},{step},H{day}-{number},P1,{place},{to}\n")
    return rows


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """A ledger of an honest history, as its folder."""
    import os

    from trace_cli.main import run

    folder = tmp_path_factory.mktemp("honest")
    (folder / "events.csv").write_text(HEAD + "".join(history_rows()), encoding="utf-8")
    before = os.environ.get("TRACE_HOME")
    os.environ["TRACE_HOME"] = str(folder / "home")
    try:
        for line in (
            f"init {folder}/s --org acme.example --site dc1",
            f"import {folder}/events.csv -C {folder}/s",
        ):
            with pytest.raises(SystemExit) as left:
                run(line.split())
            assert not left.value.code
    finally:
        if before is None:
            del os.environ["TRACE_HOME"]
        else:
            os.environ["TRACE_HOME"] = before
    return folder


@pytest.fixture
def asked(honest, trace, tmp_path, monkeypatch):
    """Ask for the answer of a command before and after a partner's rows were imported."""
    import shutil

    folder = tmp_path / "copy"
    shutil.copytree(honest, folder)
    monkeypatch.setenv("TRACE_HOME", str(folder / "home"))
    monkeypatch.chdir(folder / "s")

    def call(rows, command):
        before = trace(*command.split(), "--no-record", "--json").answer
        (folder / "poison.csv").write_text(HEAD + "".join(f"{row}\n" for row in rows), encoding="utf-8")
        ran = trace("import", folder / "poison.csv")
        assert ran.code == 0, ran.err
        return before, trace(*command.split(), "--no-record", "--json")

    return call


POISON = [
    "2199-12-31T00:00:00Z,receiving,Z1,P1,B,",
    "2198-01-01T00:00:00Z,shipping,Z2,P1,A,B",
    "2199-12-31T00:00:00Z,retail_selling,Z3,P1,B,",
]


@pytest.mark.parametrize("command", ["forecast --freq D --horizon 3", "eta", "bottlenecks", "anomalies"])
def test_the_far_future_moves_no_answer(asked, command):
    before, ran = asked(POISON, command)
    after = ran.answer
    assert after["as_of"] == before["as_of"]
    assert len(after["ahead"]) == 3
    assert before["ahead"] == []
    assert "dated after the newest entry" in ran.err
    different = {"checkpoint", "anchor", "ahead", "decision_seq", "imported", "seconds"}
    for name in before.keys() - different:
        assert after[name] == before[name], name


def test_whoever_asks_for_that_time_sees_them(asked):
    _, ran = asked(POISON, "eta --as-of 2199-12-31T01:00:00Z")
    assert {"Z2"} <= {one["item"].rpartition("/")[2] for one in ran.answer["shipments"]}


def test_a_zone_that_is_wrong_by_hours_is_no_attack(asked):
    soon = datetime.now(UTC) + timedelta(hours=12)
    _, ran = asked([f"{soon:%Y-%m-%dT%H:%M:%SZ},receiving,Z1,P1,B,"], "eta")
    assert ran.answer["ahead"] == []


def test_how_much_came_from_others_is_said(asked, trace):
    before, _ = asked(POISON, "eta")
    assert before["imported"] == 640
    trace("scan", "BOX-1", "--step", "receiving", "--place", "B")
    assert "643 of 644 events are from files of others" in trace("eta", "--no-record").out


def test_what_is_watched_is_not_moved_either(asked, trace):
    _, _ = asked(POISON, "eta")
    ran = trace("watch", "--once", "--since", "0", "--json")
    assert ran.code == 0
    assert "2199" not in ran.out
