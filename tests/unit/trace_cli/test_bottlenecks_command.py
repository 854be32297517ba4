# SPDX-License-Identifier: Apache-2.0
import csv
import json

import pytest

SCHEMA = "trace.bottlenecks/1"
SITE_KEYS = {
    "place", "rank", "queue_hours", "share", "forecast_queue_hours", "alarm_probability", "utilisation", "causes",
    "events",
}  # fmt: skip
HEAD = "time,step,item,product,lot,quantity,unit,place,to\n"
# Three things pass DOCK; two of them end at SHOP, which nothing ever leaves.
PASSING = (
    HEAD
    + "".join(
        f"2026-01-{day:02d}T06:00Z,receiving,BOX-{day},,,,,DOCK,\n2026-01-{day:02d}T{hour}:00Z,shipping,BOX-{day},,,,,DOCK,SHOP\n"
        for day, hour in ((5, 10), (6, 12), (7, 20))
    )
    + "2026-01-08T06:00Z,receiving,BOX-5,,,,,SHOP,\n2026-01-08T07:00Z,receiving,BOX-6,,,,,SHOP,\n"
    + "2026-01-12T06:00Z,receiving,BOX-7,,,,,SHOP,\n"
)


def test_the_answer_has_what_the_contract_names(trace, sample):
    ran = trace("bottlenecks", "--json")
    assert ran.code == 0
    answer = ran.answer
    assert answer["schema"] == SCHEMA
    assert answer["period"] == "W"
    assert (answer["period_start"], answer["period_end"]) == ("2026-02-23T00:00:00Z", "2026-03-02T00:00:00Z")
    assert answer["forecast_start"] >= answer["period_end"]
    assert answer["verified"] is True
    sites = answer["sites"]
    assert [site["rank"] for site in sites] == list(range(1, len(sites) + 1))
    assert sum(site["share"] for site in sites) == pytest.approx(1)
    for site in sites:
        assert set(site) >= SITE_KEYS
        assert len(set(site["events"])) == len(site["events"])
    assert sites[0]["place"] == "https://acme.example/loc/XDOCK-TULSA"
    assert answer["decision_seq"] == answer["checkpoint"]["size"]


def test_the_decision_says_what_it_rests_on(trace, sample):
    answer = trace("bottlenecks", "--json", "--as-of", "2026-02-01", "--through-only").answer
    body = trace("decision", "show", answer["decision_seq"], "--json").answer["body"]
    assert body["checkpoint"] == answer["checkpoint"]
    assert body["selection"] == {"as_of": "2026-02-01T00:00:00Z", "through_only": True}
    assert body["parameters"]["period"] == "W"


def test_text_for_planners(trace, sample):
    ran = trace("bottlenecks", "--no-record")
    assert ran.code == 0
    assert "Waiting from 2026-02-23 to 2026-03-02 UTC" in ran.out
    assert "60 days at most" in ran.out.replace("\n", " ")
    assert "Why XDOCK-TULSA is first:" in ran.out
    assert "building: 13 arrivals against 10 departures" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    assert trace("bottlenecks", "--no-record").out == ran.out


def test_top_limits_what_is_shown_and_not_what_is_written(trace, sample, tmp_path):
    options = ("bottlenecks", "--no-record", "--top", 2)
    ran = trace(*options, "-o", tmp_path / "places.csv")
    assert "The first 2 of 9 places" in ran.out
    rows = list(csv.DictReader((tmp_path / "places.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 9
    shown = trace(*options, "-o", tmp_path / "places.json", "--json").answer
    whole = json.loads((tmp_path / "places.json").read_text(encoding="utf-8"))
    assert shown["sites"] == whole["sites"][:2]
    assert len(whole["sites"]) == 9
    assert float(rows[0]["queue_hours"]) == whole["sites"][0]["queue_hours"]


def test_ends_of_the_line_can_be_left_out(trace, ledger_of):
    ledger_of(PASSING)
    every = trace("bottlenecks", "--no-record", "--json").answer["sites"]
    assert {site["place"].rsplit("/", 1)[1] for site in every} == {"DOCK", "SHOP"}
    through = trace("bottlenecks", "--no-record", "--json", "--through-only").answer
    assert [site["place"].rsplit("/", 1)[1] for site in through["sites"]] == ["DOCK"]
    assert through["sites"][0]["share"] == 1
    early = trace("bottlenecks", "--through-only", "--as-of", "2026-01-05T07:00Z")
    assert early.code == 4


def test_nothing_that_waits_is_no_fault(trace, ledger_of):
    ledger_of(HEAD + "2026-01-05T06:00Z,receiving,BOX-1,,,,,DOCK,\n")
    ran = trace("bottlenecks", "--no-record")
    assert ran.code == 0
    assert "Nothing waited in this period." in ran.out


def test_tampered_history_gives_no_number(trace, sample, tamper):
    tamper(sample / "ledger.db", 250, b"retail_selling", b"retail_sellinG")
    ran = trace("bottlenecks")
    assert (ran.code, ran.out) == (3, "")
    assert "first bad entry is 250" in ran.err
    answer = trace("bottlenecks", "--json").answer
    assert (answer["schema"], answer["verdict"], answer["first_bad_seq"]) == (SCHEMA, "tampered", 250)
    assert "sites" not in answer
    ran = trace("bottlenecks", "--unverified")
    assert ran.code == 0
    assert ran.out.startswith("UNVERIFIED: ")
    assert trace("bottlenecks", "--unverified", "--json").answer["verified"] is False


@pytest.mark.parametrize("options", [("--period", "moon"), ("--as-of", "x"), ("-o", "a.txt"), ("--top", 0)])
def test_bad_options_are_told(trace, ledger_of, options):
    ledger_of()
    assert trace("bottlenecks", *options).code == 2


@pytest.mark.parametrize("table", ["", HEAD + "2026-01-05T06:00Z,receiving,BOX-1,,,,,,\n"])
def test_nothing_to_rank(trace, ledger_of, table):
    ledger_of(table)
    assert trace("bottlenecks").code == 4


def daily(days, held_on_the_last):
    """Six things a day from MILL to PRESS; on the last day some stay at MILL."""
    rows = []
    for day in range(1, days + 1):
        for k in range(6):
            item = f"BOX-{day}-{k}"
            rows.append(f"2026-01-{day:02d}T06:{k:02d}Z,receiving,{item},,,,,MILL,\n")
            if day == days and k < held_on_the_last:
                continue
            rows.append(f"2026-01-{day:02d}T10:{k:02d}Z,shipping,{item},,,,,MILL,PRESS\n")
            rows.append(f"2026-01-{day:02d}T12:{k:02d}Z,receiving,{item},,,,,PRESS,\n")
            rows.append(f"2026-01-{day:02d}T13:{k * 9:02d}Z,shipping,{item},,,,,PRESS,SHOP\n")
    return HEAD + "".join(rows)


def test_a_place_that_another_starves_is_told_by_short_names(trace, ledger_of):
    ledger_of(daily(10, held_on_the_last=5))
    asked = ("bottlenecks", "--period", "D", "--as-of", "2026-01-11", "--no-record")
    causes = {site["place"]: site["causes"] for site in trace(*asked, "--json").answer["sites"]}
    mill, press = "https://acme.example/loc/MILL", "https://acme.example/loc/PRESS"
    assert causes[press][-1] == (
        f"starved by {mill}: 1 arrivals from there against 6 before, while 5 visits are open there against 0"
    )
    assert causes[mill][-1] == f"holding up {press}: 1 visits went on against 6 before"
    text = " ".join(trace(*asked).out.split())
    assert "Why MILL is first:" in text
    assert "holding up PRESS: 1 visits went on against 6 before" in text


def test_evidence_and_relief_in_text_and_json(trace, sample):
    (first,) = trace("bottlenecks", "--no-record", "--top", 1, "--json").answer["sites"]
    assert len(first["event_ids"]) == len(first["events"])
    assert [one["cause"] for one in first["evidence"]] == first["causes"]
    building = first["evidence"][0]
    shown = trace("show", building["events"][0], "--json").answer
    assert building["event_ids"][0] in json.dumps(shown)
    relief = first["relief"]
    assert relief["units"] == first["relief_units"] == len(relief["release"]) > 0
    assert relief["by"] == "2026-03-09T00:00:00Z"
    ran = trace("bottlenecks", "--no-record")
    text = " ".join(ran.out.split())
    assert f"(entries {', '.join(map(str, building['events'][:3]))})" in text
    assert "to relieve it: release the 2 oldest things by Mon 2026-03-09: (00)" in text
    assert "; that saves about" in text
    assert "an unusually long median stay is virtually certain" in text


@pytest.mark.parametrize("width", [60, 80, 110])
def test_the_screen_fits(trace, sample, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    lines = trace("bottlenecks", "--no-record", "--period", "D").out.splitlines()
    assert max(map(len, lines[3:])) <= width
