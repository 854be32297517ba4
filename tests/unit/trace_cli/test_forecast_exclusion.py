# SPDX-License-Identifier: Apache-2.0
"""`forecast --exclude-alarmed`: what is suspect does not count, how much that is is said, and replay agrees."""

import pytest

HEAD = "time,step,item,product,place,to\n"


def rows():
    """Tells of 120 days with two sales each; one item is sold twice, at two places."""
    lines = []
    for number in range(240):
        day = f"2026-{1 + number // 2 // 28:02d}-{1 + number // 2 % 28:02d}"
        item = f"BOX-{number}"
        for hour, step, place, to in (
            (6, "commissioning", "MAKER", ""),
            (7, "shipping", "MAKER", "DOCK"),
            (9, "receiving", "DOCK", ""),
            (12, "retail_selling", "DOCK", ""),
        ):
            lines.append(f"{day}T{hour:02d}:{number % 60:02d}Z,{step},{item},TEA,{place},{to}\n")
    lines.append("2026-05-03T08:00Z,receiving,BOX-200,TEA,SHOP,\n")
    lines.append("2026-05-03T09:00Z,retail_selling,BOX-200,TEA,SHOP,\n")
    return HEAD + "".join(lines)


@pytest.fixture(scope="module")
def table():
    return rows()


def counted(answer):
    return answer["excluded"], answer["series"][0]["points"]


def test_suspect_events_are_left_out_counted_and_repeated(trace, ledger_of, table):
    ledger_of(table)
    asked = ("forecast", "--freq", "D", "--horizon", "3", "--json")
    plain = trace(*asked, "--no-record").answer
    assert plain["excluded"] is None
    answer = trace(*asked, "--exclude-alarmed").answer
    excluded = answer["excluded"]
    assert excluded["alarms"] > 0
    assert excluded["items"] == 1
    assert excluded["events"] >= 1
    seq = answer["decision_seq"]
    kept = trace("show", seq, "--json").answer["body"]["selection"]["excluded"]
    assert len(kept["rows"]) == excluded["events"]
    assert {item.rsplit("/", 1)[-1] for _, item in kept["rows"]} == {"BOX-200"}

    # A case speaks against a thing as a whole, a dismissed finding against nothing.
    number = trace("suspect", "BOX-10", "--reason", "opened", "--json").answer["case"]
    more = trace(*asked, "--exclude-alarmed", "--no-record").answer["excluded"]
    assert (more["cases"], more["items"]) == (1, 2)
    assert more["events"] == excluded["events"] + 5, "four events, and the hold"
    assert trace("dismiss", number, "--reason", "it was the cat").code == 0
    findings = [
        one
        for alarm in trace("anomalies", "--json", "--no-record").answer["alarms"]
        for one in ("--finding", alarm["finding"])
    ]
    number = trace("suspect", "BOX-200", "--reason", "two shops", *findings, "--json").answer["case"]
    assert trace("dismiss", number, "--reason", "two tills, one shop").code == 0
    none = trace(*asked, "--exclude-alarmed", "--no-record").answer["excluded"]
    assert (none["events"], none["alarms"], none["cases"]) == (0, 0, 0)

    replayed = trace("decision", "replay", seq, "--json").answer
    assert (replayed["outcome"], replayed["data_same"]) == ("same", True), "what was known since changes nothing"


def test_it_is_said_to_people_and_refused_where_it_has_no_meaning(trace, ledger_of, table, tmp_path):
    ledger_of(table)
    told = trace("forecast", "--freq", "W", "--horizon", "2", "--exclude-alarmed", "--no-record").out
    assert "Left out: " in told
    assert " on 1 item, " in told
    assert trace("forecast", "--exclude-alarmed", "--of", "arrivals", "--place", "DOCK").code == 2
    (tmp_path / "x.csv").write_text("unique_id,ds,y\nA,2026-01-01,1\n", encoding="utf-8")
    (tmp_path / "x.csv").write_text("unique_id,ds,y\n", encoding="utf-8")
    assert trace("forecast", "--exclude-alarmed", "--series", tmp_path / "x.csv").code == 2
