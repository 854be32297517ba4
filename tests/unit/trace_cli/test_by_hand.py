# SPDX-License-Identifier: Apache-2.0
"""The page on checking by hand: its commands run as printed, with openssl and sqlite3 and nothing of ours."""

import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[3] / "docs" / "verify-by-hand.md").read_text(encoding="utf-8")
BY_HAND = PAGE[PAGE.index("## With openssl") :]
(TREE,) = re.findall(r"^```python\n(.*?)^```$", BY_HAND, re.DOTALL | re.MULTILINE)
_, OF_LEDGER, OF_RECEIPT, SIGNATURE, WHOLE = re.findall(r"^```sh\n(.*?)^```$", BY_HAND, re.DOTALL | re.MULTILINE)
ROWS = "time,step,item,place\n" + "".join(
    f"2026-03-01T08:{n:02}:00Z,receiving,BOX-{n},DOCK-3\n" for n in range(13)
)
GOOD = "Signature Verified Successfully"

pytestmark = pytest.mark.skipif(
    not (shutil.which("openssl") and shutil.which("sqlite3")), reason="needs the programs openssl and sqlite3"
)


@pytest.fixture
def auditor(trace, ledger_of, tmp_path):
    """A folder with the ledger and a receipt, and nothing else; gives the shell there, and the key to believe."""
    site = ledger_of(ROWS)
    key = trace("key", "export", "acme.example/dc1").out.strip()
    folder = tmp_path / "auditor"
    folder.mkdir()
    assert trace("prove", "7", "-o", folder / "delivery.tlog-proof").code == 0
    assert trace("backup", folder / "ledger.db").code == 0
    (folder / "tree.py").write_text(TREE, encoding="utf-8")
    assert site != folder

    def run(script, believed=key):
        line = f"set -e\nKEY='{believed}'\n{script}"
        return subprocess.run(["sh", "-c", line], cwd=folder, capture_output=True, text=True, check=False)

    return folder, run, key


def test_the_script_imports_the_standard_library_alone():
    assert re.findall(r"^(?:import|from) .*", TREE, re.MULTILINE) == ["import base64, hashlib, sqlite3, sys"]


def test_a_ledger_by_hand(auditor):
    _, run, _ = auditor
    ran = run(OF_LEDGER + SIGNATURE + WHOLE)
    assert ran.returncode == 0, ran.stderr
    assert GOOD in ran.stdout
    assert "all 14 entries of acme.example/dc1 are as they were signed" in ran.stdout
    assert "BOX-0" in ran.stdout


def test_a_receipt_by_hand(auditor):
    _, run, _ = auditor
    ran = run(OF_RECEIPT + SIGNATURE)
    assert (ran.returncode, GOOD in ran.stdout) == (0, True), ran.stderr
    assert ran.stdout.splitlines()[1:3] == ["acme.example/dc1", "14"]


def test_a_changed_entry_a_missing_one_and_another_key_are_seen(auditor):
    folder, run, key = auditor
    other = key[:-6] + ("AAAAA=" if key.endswith("=") else "AAAAAA")
    assert GOOD not in run(OF_LEDGER + SIGNATURE, other).stdout
    assert run(OF_LEDGER + SIGNATURE).returncode == 0
    whole = WHOLE.splitlines()[0]
    for change in (
        "UPDATE entry SET bytes = CAST(REPLACE(CAST(bytes AS TEXT), 'BOX-7', 'BOX-9') AS BLOB) WHERE seq = 8",
        "DELETE FROM entry WHERE seq = 13",
    ):
        shutil.copy(folder / "ledger.db", folder / "kept.db")
        with closing(sqlite3.connect(folder / "ledger.db")) as database:
            database.execute(change)
            database.commit()
        ran = run(whole)
        assert (ran.returncode, "AssertionError" in ran.stderr) == (1, True), ran.stdout
        shutil.copy(folder / "kept.db", folder / "ledger.db")
    assert run(whole).returncode == 0
