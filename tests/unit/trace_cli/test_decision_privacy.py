# SPDX-License-Identifier: Apache-2.0
"""Where quantities are private, a forecast of them is private too: commitments in the log, repeatable here."""

import re
import sqlite3

import pytest

SOLD = [1013, 1417, 1219, 1621]
WEEKS = ["2026-01-07", "2026-01-14", "2026-01-21", "2026-01-28"]
RESULT = ("data_digest", "output_digest", "output")


def entry_bytes(folder, seq):
    with sqlite3.connect(folder / "ledger.db") as connection:
        (data,) = connection.execute("SELECT bytes FROM entry WHERE seq = ?", (seq,)).fetchone()
    connection.close()
    return data


@pytest.fixture
def private(trace, ledger_of):
    """A ledger whose quantities are private, with a forecast."""
    folder = ledger_of()
    settings = folder / "trace.toml"
    text = settings.read_text(encoding="utf-8")
    assert text.count("fields = []") == 1
    settings.write_text(text.replace("fields = []", 'fields = ["quantity"]'), encoding="utf-8")
    rows = [f"{day}T10:00Z,retail_selling,TEA,L1,{sold},KGM,SHOP" for day, sold in zip(WEEKS, SOLD, strict=True)]
    rows.append("2026-02-02T10:00Z,storing,TEA,L2,1,KGM,SHOP")
    (folder / "sales.csv").write_text("time,step,product,lot,quantity,unit,place\n" + "\n".join(rows) + "\n")
    assert trace("import", "sales.csv").code == 0
    answer = trace("forecast", "--model", "naive", "--horizon", 2, "--json").answer
    return folder, answer["decision_seq"]


def test_the_log_has_commitments_alone(trace, private):
    folder, seq = private
    data = entry_bytes(folder, seq)
    for n in range(5, seq + 1):
        assert b"1621" not in entry_bytes(folder, n)
    assert data.count(b'{"_commit":"') == len(RESULT)
    assert b"q0.9" not in data
    assert trace("verify").code == 0


def test_the_site_shows_repeats_and_scores_it(trace, private):
    _, seq = private
    body = trace("decision", "show", seq, "--json").answer["body"]
    assert body["output"]["columns"]["mean"] == ["1621.0", "1621.0"]
    assert trace("decision", "replay", seq, "--json").answer["outcome"] == "same"


@pytest.mark.parametrize("form", ["--dsse", "--model-card"])
def test_nothing_private_is_exported(trace, private, form):
    folder, seq = private
    assert trace("decision", "export", seq, form, "-o", "out.txt").code == 0
    text = (folder / "out.txt").read_text(encoding="utf-8")
    if form == "--dsse":
        import base64
        import json

        text = base64.b64decode(json.loads(text)["payload"]).decode()
        statement = json.loads(text)
        commitment = statement["predicate"]["decision"]["output_digest"]["_commit"]
        assert statement["subject"] == [{"name": "forecast", "digest": {"sha256": commitment}}]
    else:
        assert "Private: the log holds the commitment" in text
    assert "1621" not in text


def test_values_that_were_taken_away_are_missed(trace, private):
    folder, seq = private
    with sqlite3.connect(folder / "ledger.db") as connection:
        for digest in re.findall(rb'"_commit":"([0-9a-f]{64})"', entry_bytes(folder, seq)):
            gone = connection.execute("DELETE FROM attachment WHERE hash = ?", (bytes.fromhex(digest.decode()),))
            assert gone.rowcount == 1
    connection.close()
    ran = trace("decision", "replay", seq)
    assert ran.code == 3
    assert "nothing is repeated" in ran.err


def test_public_quantities_stay_in_the_open(trace, sample):
    answer = trace("forecast", "--model", "naive", "--json").answer
    assert b"_commit" not in entry_bytes(sample, answer["decision_seq"])
