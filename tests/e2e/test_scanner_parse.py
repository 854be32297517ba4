# SPDX-License-Identifier: Apache-2.0
"""`trace scanner parse`: raw lines in, a JSON line out, nothing recorded and no ledger needed."""

import json

GTIN = "09521234543213"


def lines(ran):
    return [json.loads(line) for line in ran.out.splitlines()]


def test_lines_from_standard_input(shell):
    sent = [
        f"]C101{GTIN}10ABC\x1d17271231".encode(),
        b"",
        f"01{GTIN}10ABC~21X".encode(),
        b"BOX-1",
        b"\xff\x00",
        b"(01)09521234543214",
    ]
    ran = shell.run("scanner", "parse", "-", stdin=b"\r\n".join(sent))
    found = lines(ran)
    assert ran.code == 5
    assert [bytes.fromhex(line["raw_hex"]) for line in found] == [raw for raw in sent if raw]
    assert [line["status"] for line in found] == ["ok", "ask", "ok", "refused", "refused"]
    assert {line["schema"] for line in found} == {"trace.scan/1"}
    assert found[0]["symbology"] == "]C1"
    assert found[0]["elements"] == [
        {"ai": "01", "value": GTIN},
        {"ai": "10", "value": "ABC"},
        {"ai": "17", "value": "271231"},
    ]
    assert found[0]["uri"] == f"https://id.gs1.org/01/{GTIN}/10/ABC"
    assert found[1]["readings"] == [found[1]["elements"]]
    assert "'~'" in found[1]["reason"]
    assert not list(shell.folder.iterdir())


def test_codes_as_arguments(shell):
    ran = shell.good("scanner", "parse", f"(01){GTIN}", "]C0BOX-1")
    assert [line["uri"] for line in lines(ran)] == [f"https://id.gs1.org/01/{GTIN}", None]


def test_what_is_asked_is_not_recorded(site):
    ran = site.run("scan", f"01{GTIN}10ABC~21X", "--step", "receiving", "--json")
    assert (ran.code, site.size()) == (5, 1)
    (line,) = [line for line in lines(ran) if line.get("schema") == "trace.scan/1"]
    assert (line["status"], line["uri"]) == ("ask", f"https://id.gs1.org/01/{GTIN}/21/X")


def test_a_label_is_recorded_with_its_lot_and_expiry(site):
    sent = f"]C101{GTIN}10ABC\x1d21S1\x1d17271231"
    (line,) = lines(site.good("scan", sent, "--step", "commissioning", "--place", "LINE-1", "--json"))
    assert line["elements"][0] == {"ai": "01", "value": GTIN}
    body = site.good("show", line["event_id"], "--json").answer["body"]
    assert body["epcList"] == [f"https://id.gs1.org/01/{GTIN}/21/S1"]
    assert body["ilmd"] == {"cbvmda:itemExpirationDate": "2027-12-31", "cbvmda:lotNumber": "ABC"}
