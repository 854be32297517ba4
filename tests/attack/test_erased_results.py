# SPDX-License-Identifier: Apache-2.0
"""What is erased of a decision, or of an event that decisions read, leaves no digest to try values against."""

import base64
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

HEAD = "time,step,product,quantity,unit,place\n"
MOST = 4_321.125


@pytest.fixture
def decided(site, trace):
    """A forecast of private quantities; gives the decision and an event of the history."""
    settings = site.folder / "trace.toml"
    text = re.sub(r"(?m)^fields = .*", 'fields = ["quantity"]', settings.read_text(encoding="utf-8"), count=1)
    settings.write_text(text, encoding="utf-8")
    rows = []
    for day in range(84):
        amount = MOST if day == 40 else day % 7 + 1
        rows.append(f"2026-{1 + day // 28:02}-{1 + day % 28:02}T10:00:00Z,retail_selling,P1,{amount},kg,S\n")
    (site.folder / "sold.csv").write_text(HEAD + "".join(rows), encoding="utf-8")
    assert trace("import", "sold.csv").code == 0
    ran = trace("forecast", "--freq", "D", "--horizon", "3", "--json")
    found = [seq for seq, data in enumerate(site.entries()) if b'"2026-02-13T10:00:00' in data]
    return site, ran.answer, found[0]


def attachments(site):
    """Read what lies beside the log, journals folded in."""
    with closing(sqlite3.connect(site.path)) as connection:
        return [bytes(data) for (data,) in connection.execute("SELECT data FROM attachment")]


def written(site):
    """Read every byte of every file of the site and its home."""
    return b"".join(path.read_bytes() for path in site.folder.rglob("*") if path.is_file())


def test_an_erased_result_takes_its_digest_with_it(decided, trace):
    site, answer, _ = decided
    decision = answer["decision_seq"]
    digest = re.search(r"output_digest: (sha256:[0-9a-f]{64})", trace("decision", "show", decision).out)[1]
    mean = repr(answer["series"][0]["points"][0]["mean"]).encode()
    assert mean in written(site)
    assert any(digest.encode() in data for data in attachments(site))
    ran = trace("erase", decision, "--field", "output", "--reason", "asked", "--json")
    assert ran.answer["also"] == [{"entry": decision, "field": "output_digest"}]
    assert mean not in written(site)
    assert digest.encode() not in written(site)
    assert trace("verify").code == 0
    assert trace("decision", "show", decision).code == 0
    assert trace("decision", "list").code == 0
    assert trace("decision", "replay", decision).code == 5
    again = trace("erase", decision, "--field", "output", "--reason", "asked", "--json")
    assert (again.code, again.answer["erased"], again.answer["also"]) == (0, 0, [])


def test_an_erased_quantity_takes_the_digests_of_what_was_read_with_it(decided, trace):
    """All other rows known, the digest of the table would tell a quantity by trying."""
    site, answer, event = decided
    decision = answer["decision_seq"]
    before = attachments(site)
    ran = trace("erase", event, "--field", "quantity", "--reason", "asked", "--json")
    assert ran.answer["also"] == [{"entry": decision, "field": "data_digest"}]
    gone = [data for data in before if data not in attachments(site)]
    assert sorted(map(len, gone)) == [len(str(MOST)), len('"sha256:"') + 64]
    assert not any(data in written(site) for data in gone if len(data) > 20)
    assert trace("verify").code == 0
    assert trace("decision", "replay", decision).code == 5
    # The result of the decision stays: it is for people to say whether that goes, too.
    assert trace("decision", "show", decision, "--json").code == 0


def test_what_no_decision_read_takes_nothing_with_it(decided, trace):
    site, _, _ = decided
    with_contact = next(seq for seq, data in enumerate(site.entries()) if b'"own:contact":{"_commit"' in data)
    ran = trace("erase", with_contact, "--field", "contact", "--reason", "asked", "--json")
    assert (ran.answer["erased"], ran.answer["also"]) == (1, [])


def test_a_decision_of_before_the_event_keeps_its_digest(decided, trace):
    site, _, _ = decided
    row = "2026-04-01T10:00:00Z,retail_selling,P1,77,kg,S\n"
    (site.folder / "late.csv").write_text(HEAD + row, encoding="utf-8")
    assert trace("import", "late.csv").code == 0
    ran = trace("erase", len(site.entries()) - 1, "--field", "quantity", "--reason", "asked", "--json")
    assert (ran.answer["erased"], ran.answer["also"]) == (1, [])


def test_the_bundle_of_a_case_holds_no_private_value(site, trace):
    """It lies beside the ledger for ever, where no erasure reaches it, and its digest is signed."""
    case = trace("suspect", "BOX-10", "--reason", "seen twice", "--json").answer
    bundle = Path(case["evidence"]["file"]).read_text(encoding="utf-8")
    assert "\nvalues\n" not in bundle
    assert trace("erase", 10, "--field", "contact", "--reason", "asked").code == 0
    assert base64.b64encode(b'"Nora Nameless, +49 30 555-0010"') not in written(site)
    assert b"Nameless, +49 30 555-0010" not in written(site)
    assert trace("verify", case["evidence"]["file"]).code == 0
    assert "(unchanged)" in trace("case", "show", case["case"]).out
