# SPDX-License-Identifier: Apache-2.0
"""`trace anomalies` over a verified history; nothing unverified is evidence."""

import csv
import json
import re

import pytest

HEAD = "time,step,item,place,party,to,quantity,recorded\n"
ALARM_KEYS = {"kind", "item", "severity", "p_value", "seqs", "expected", "seen", "explanation", "finding", "about"}


def rows(item, day, *, shop="SHOP-A", replay=False):
    told = [
        (f"2026-01-{day:02}T06:{day * day % 59:02}Z", "commissioning", "MAKER", "ACME", ""),
        (f"2026-01-{day:02}T09:{day * day * day % 59:02}Z", "shipping", "MAKER", "ACME", shop),
        (f"2026-01-{day + 1:02}T{day % 20:02}:17Z", "receiving", shop, "SHOP", ""),
    ]
    if replay:
        told.append((f"2026-01-{day + 1:02}T22:40Z", "receiving", shop, "SHOP", ""))
    return "".join(
        f"{time},{step},{item},{place},{party},{to},1,{time}\n" for time, step, place, party, to in told
    )


@pytest.fixture
def replayed(ledger_of):
    table = HEAD + "".join(rows(f"BOX-{day}", day, replay=day == 5) for day in range(1, 13))
    return ledger_of(table)


def test_an_alarm_names_its_entries(trace, replayed):
    ran = trace("anomalies", "--json")
    assert ran.code == 0
    answer = ran.answer
    assert answer["schema"] == "trace.anomalies/1"
    assert answer["checked"] == 12
    assert [(one["kind"], one["item"]) for one in answer["alarms"]] == [
        ("replay", "https://acme.example/obj/BOX-5")
    ]
    alarm = answer["alarms"][0]
    assert set(alarm) == ALARM_KEYS
    told = trace("history", "BOX-5", "--json").answer["events"]
    assert alarm["seqs"] == [one["seq"] for one in told if one["step"] == "receiving"]
    assert answer["decision_seq"] == answer["checkpoint"]["size"]
    body = trace("decision", "show", answer["decision_seq"], "--json").answer["body"]
    assert body["parameters"]["alpha"] == "0.01"
    assert {"replay", "slow_journey"} <= {one["kind"] for one in answer["detectors"]}


def test_tampering_with_a_cited_event_withdraws_the_alarm(trace, replayed, tamper):
    cited = trace("anomalies", "--json", "--no-record").answer["alarms"][0]["seqs"][1]
    tamper(replayed / "ledger.db", cited, b"22:40", b"22:41")
    ran = trace("anomalies")
    assert (ran.code, ran.out) == (3, "")
    assert f"first bad entry is {cited}" in ran.err
    answer = trace("anomalies", "--json").answer
    assert (answer["verdict"], answer["first_bad_seq"]) == ("tampered", cited)
    assert "alarms" not in answer
    ran = trace("anomalies", "--unverified")
    assert ran.code == 0
    assert ran.out.startswith("UNVERIFIED: ")


def test_what_was_not_known_yet_is_no_alarm(trace, replayed):
    assert trace("anomalies", "--as-of", "2026-01-06T12:00Z", "--json", "--no-record").answer["alarms"] == []


def test_text_for_people_and_rows_for_spreadsheets(trace, replayed, tmp_path):
    ran = trace("anomalies", "--no-record", "-o", tmp_path / "alarms.csv")
    assert ran.code == 0
    assert "1 alarm among 12 items judged." in ran.out
    assert "BOX-5: replay; expected receiving once" in ran.out
    assert "Cannot be seen in this history:" in ran.out
    assert "no place has coordinates" in ran.out
    assert max(map(len, ran.out.splitlines()[:-1])) <= 80
    table = list(csv.DictReader((tmp_path / "alarms.csv").read_text(encoding="utf-8").splitlines()))
    assert [row["kind"] for row in table] == ["replay"]
    assert f"   finding {table[0]['finding']}\n" in ran.out
    trace("anomalies", "--no-record", "-o", tmp_path / "alarms.json")
    assert len(json.loads((tmp_path / "alarms.json").read_text(encoding="utf-8"))["alarms"]) == 1


def test_a_long_stay_is_at_a_place_and_not_on_the_way(trace, sample):
    alarms = trace("anomalies", "--no-record", "--top", "20", "--json").answer["alarms"]
    stays = [one for one in alarms if one["kind"] == "long_stay"]
    assert stays
    assert all(re.fullmatch(r"about \S+ h at \S+STORE-OMAHA", one["expected"]) for one in stays)
    assert all(" from " in one["expected"] for one in alarms if one["kind"] == "slow_journey")


def test_places_make_distances_known(trace, replayed, tmp_path):
    far = tmp_path / "places.csv"
    far.write_text("place,latitude,longitude\nMAKER,52.5,13.4\nSHOP-A,-33.9,151.2\n", encoding="utf-8")
    answer = trace("anomalies", "--places", far, "--json", "--no-record").answer
    told = {one["kind"]: one["cannot_see"] for one in answer["detectors"]}
    assert told["impossible_travel"] == ""
    assert "impossible_travel" in {one["kind"] for one in answer["alarms"]}


@pytest.mark.parametrize("text", ["", "lot\nA\n"])
def test_a_file_that_lacks_a_column_is_refused(trace, replayed, tmp_path, text):
    (tmp_path / "lots.csv").write_text(text, encoding="utf-8")
    ran = trace("anomalies", "--lots", tmp_path / "lots.csv")
    assert ran.code == 5
    assert "lot_size" in ran.err


@pytest.mark.parametrize("options", [("--alpha", 0), ("--alpha", 2), ("--top", 0), ("-o", "a.txt")])
def test_bad_options_are_told(trace, replayed, options):
    assert trace("anomalies", *options).code == 2
