# SPDX-License-Identifier: Apache-2.0
"""`trace watch` as people run it: a process that follows a ledger, while others record, tamper and roll back."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from queue import Empty, Queue

import pytest

HEAD = "time,step,item,place,to,promised\n"
ROWS = "".join(
    f"2026-01-{day:02d}T06:{number:02d}Z,{step},BOX-{day}{number},{place},{to},\n"
    for day in range(1, 11)
    for number in range(8)
    for step, place, to in (
        ("commissioning", "MAKER", ""),
        ("shipping", "MAKER", "DOCK"),
        ("receiving", "DOCK", ""),
    )
)


class Watch:
    """A running `trace watch --json`; its lines come through a queue."""

    def __init__(self, folder, *options):
        words = [
            sys.executable,
            "-m",
            "trace_cli",
            "watch",
            "--json",
            "--alpha",
            "0.1",
            "--interval",
            "0.1",
            *options,
        ]
        self.process = subprocess.Popen(
            words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.lines = Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def line(self, seconds=60):
        try:
            return self.lines.get(timeout=seconds)
        except Empty:
            self.process.kill()
            raise AssertionError(self.process.communicate()[1]) from None

    def wait_for(self, path):
        while not path.is_file():
            assert self.process.poll() is None, self.process.stderr.read()
            time.sleep(0.01)

    def left(self):
        code = self.process.wait(timeout=60)
        err = self.process.stderr.read()
        self.close()
        return code, err

    def close(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        self.process.stderr.close()


@pytest.fixture
def site(ledger_of):
    return ledger_of(HEAD + ROWS)


@pytest.fixture
def watching(site):
    running = []

    def start(*options):
        one = Watch(site, *options)
        running.append(one)
        return one

    yield start
    for one in running:
        one.close()


def imported(trace, folder, rows):
    (folder / "more.csv").write_text(HEAD + rows, encoding="utf-8")
    assert trace("import", folder / "more.csv").code == 0


def clone(number):
    return f"2026-01-11T07:00Z,receiving,BOX-1{number},SHOP,,\n"


def test_new_alarms_are_told_once_and_what_was_known_is_not(trace, site, watching, tmp_path):
    imported(trace, site, clone(1))
    one = watching("--state", str(tmp_path / "state.json"))
    one.wait_for(tmp_path / "state.json")
    imported(trace, site, clone(2))
    line = one.line()
    assert (line["schema"], line["type"]) == ("trace.watch/1", "alarm")
    assert line["item"].endswith("/BOX-12")
    assert trace("show", line["seqs"][-1]).code == 0
    one.process.send_signal(signal.SIGTERM)
    assert one.left()[0] == 0
    rest = list(one.lines.queue)
    assert all(other["item"].endswith("/BOX-12") for other in rest if other["type"] == "alarm")
    findings = [line["finding"], *(other["finding"] for other in rest if other["type"] == "alarm")]
    assert len(findings) == len(set(findings))
    # What is new since then is told by the next run, what was told is not told again.
    imported(trace, site, clone(3))
    ran = trace("watch", "--once", "--json", "--state", tmp_path / "state.json")
    items = {found["item"] for text in ran.out.splitlines() if (found := json.loads(text))["type"] == "alarm"}
    assert items == {"https://acme.example/obj/BOX-13"}
    assert trace("watch", "--once", "--json", "--state", tmp_path / "state.json").out == ""
    everything = trace("watch", "--once", "--json", "--since", "0").out
    assert {"BOX-11", "BOX-12", "BOX-13"} <= {
        json.loads(text).get("item", "")[-6:] for text in everything.splitlines()
    }


def test_ctrl_c_ends_it_without_a_traceback(watching, tmp_path):
    one = watching("--state", str(tmp_path / "state.json"))
    one.wait_for(tmp_path / "state.json")
    one.process.send_signal(signal.SIGINT)
    code, err = one.left()
    assert code == 130
    assert "Traceback" not in err


@pytest.mark.parametrize("how", ["tampered", "rolled back"])
def test_tampering_and_rollback_end_it_with_exit_3(trace, site, watching, tmp_path, how):
    shutil.copy(site / "ledger.db", tmp_path / "old.db")
    imported(trace, site, clone(4))
    one = watching("--state", str(tmp_path / "state.json"))
    one.wait_for(tmp_path / "state.json")
    if how == "tampered":
        one.process.send_signal(signal.SIGSTOP)  # what it has verified before, it does not read again
        imported(trace, site, "2026-01-12T06:00Z,inspecting,BOX-31,DOCK,,\n")
        with sqlite3.connect(site / "ledger.db") as connection:
            query = "SELECT seq, bytes FROM entry ORDER BY seq DESC LIMIT 1"
            seq, data = connection.execute(query).fetchone()
            assert b"DOCK" in data
            connection.execute("UPDATE entry SET bytes = ? WHERE seq = ?", (data.replace(b"DOCK", b"DECK"), seq))
        connection.close()
        one.process.send_signal(signal.SIGCONT)
    else:
        for beside in site.glob("ledger.db-*"):
            beside.unlink()
        os.replace(tmp_path / "old.db", site / "ledger.db")
    lines = [one.line()]
    while lines[-1]["type"] != "tampered" and len(lines) < 20:
        lines.append(one.line())
    code, err = one.left()
    assert code == 3, err
    assert lines[-1]["error"]["code"] == 3
    assert "Traceback" not in err


def test_a_state_of_something_else_is_refused(trace, site, tmp_path):
    (tmp_path / "state.json").write_text("[]", encoding="utf-8")
    assert trace("watch", "--once", "--state", tmp_path / "state.json").code == 5
    state = {"size": 10_000, "findings": [], "late": [], "queues": []}
    (tmp_path / "state.json").write_text(json.dumps(state), encoding="utf-8")
    ran = trace("watch", "--once", "--json", "--state", tmp_path / "state.json")
    assert (ran.code, ran.answer["type"]) == (3, "tampered")
