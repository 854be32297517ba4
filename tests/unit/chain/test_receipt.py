# SPDX-License-Identifier: Apache-2.0
"""Receipts: made from a log, checked without it, by the product and by the script in the documents."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.chain.errors import LedgerError, Untrusted
from ledger.chain.log import Log
from ledger.chain.policy import Policy
from ledger.chain.reader import AuthenticReader
from ledger.chain.receipt import check_receipt, make_receipt
from ledger.chain.storage.memory import MemoryStorage

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def receipt(make_clock, site_key, make_drafts):
    storage = MemoryStorage()
    log = Log.create(storage, site_key, make_clock(), None, "me")
    log.append(make_drafts(1, 600))
    with storage.snapshot() as view:
        reader = AuthenticReader(view, origin=log.origin, policy=Policy((site_key.verifier,)))
        return make_receipt(reader, 300)


def test_a_receipt_proves_its_entry_without_the_ledger(receipt, policy):
    proven = check_receipt(receipt, policy)
    assert proven.entry.seq == 300
    assert proven.entry.body["item"] == "box-300"
    assert proven.signed.head.size == 601


def test_a_receipt_is_small(receipt):
    without_entry = re.sub(r"extra .*\n", "", receipt)
    assert len(without_entry.encode()) <= 1300


def test_any_changed_character_is_refused(receipt, policy):
    for at, char in enumerate(receipt):
        bent = receipt[:at] + ("A" if char != "A" else "B") + receipt[at + 1 :]
        with pytest.raises(LedgerError):
            check_receipt(bent, policy)


def test_a_receipt_of_another_key_is_not_trusted(receipt, make_key):
    with pytest.raises(Untrusted):
        check_receipt(receipt, Policy((make_key(seed=2).verifier,)))


def test_the_script_in_the_documents_checks_it_alone(receipt, site_key, make_key, tmp_path):
    page = (ROOT / "docs" / "verify-by-hand.md").read_text(encoding="utf-8")
    script = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    assert "ledger" not in re.findall(r"^(?:import|from) .*", script, re.MULTILINE).__str__()
    (tmp_path / "check.py").write_text(script, encoding="utf-8")
    (tmp_path / "good").write_text(receipt, encoding="utf-8")
    (tmp_path / "bad").write_text(receipt.replace("index 300", "index 301"), encoding="utf-8")

    def run(file, key):
        command = [sys.executable, "-I", "check.py", file, str(key.verifier)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    good = run("good", site_key)
    assert good.returncode == 0, good.stderr
    assert "entry 300 of acme.example/dc1 is in the signed tree of 601 entries" in good.stdout
    assert run("bad", site_key).returncode != 0
    assert run("good", make_key(seed=2)).returncode != 0
