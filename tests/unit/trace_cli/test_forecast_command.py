# SPDX-License-Identifier: Apache-2.0
import csv
import hashlib
import json
import re

import pytest

SCHEMA = "trace.forecast/1"
SERIES_KEYS = {"unique_id", "product", "place", "frequency", "unit", "model", "class", "points", "accuracy"}
LETTUCE = "https://id.gs1.org/01/09521234000020"
HEAD = "time,step,item,product,lot,quantity,unit,place,to\n"


def sales(step: str, *, units: tuple[str, ...] = ("KGM",), weeks: int = 4) -> str:
    """Writes a table of one sale a week of TEA from Monday 2026-01-05 on, and something else in February."""
    rows = [
        f"2026-01-{5 + 7 * week:02d}T10:00Z,{step},,TEA,L1,{10 + week},{units[week % len(units)]},SHOP,"
        for week in range(weeks)
    ]
    return HEAD + "\n".join([*rows, "2026-02-02T10:00Z,storing,BOX-1,,,,,SHOP,"]) + "\n"


def test_the_answer_has_what_the_contract_names(trace, sample):
    ran = trace("forecast", "--json")
    assert ran.code == 0
    answer = ran.answer
    assert answer["schema"] == SCHEMA
    assert answer["verified"] is True
    assert set(answer["checkpoint"]) == {"origin", "size", "root"}
    assert answer["demand"]["steps"] == ["retail_selling"]
    assert [one["unit"] for one in answer["series"]] == ["KGM", "KGM", None]
    totals = [one["total"] for one in answer["series"]]
    assert totals == sorted(totals, reverse=True)
    for one in answer["series"]:
        assert set(one) >= SERIES_KEYS
        assert set(one["accuracy"]) == {"mase", "rmsse", "coverage80", "value_added"}
        assert [point["ds"] for point in one["points"]][:2] == ["2026-03-08", "2026-03-15"]
        assert len(one["points"]) == 8
        for point in one["points"]:
            values = [point["quantiles"][level] for level in ("0.1", "0.5", "0.9")]
            assert values == sorted(values)
            assert values[0] >= 0
    # What cannot be measured is null, and JSON has no NaN.
    assert answer["series"][2]["accuracy"]["mase"] is None


def test_the_decision_names_the_checkpoint_that_was_verified(trace, sample):
    answer = trace("forecast", "--json", "--seed", 7, "--product", "09521234000020").answer
    size = answer["checkpoint"]["size"]
    assert answer["decision_seq"] == size
    shown = trace("decision", "show", size, "--json").answer
    assert shown["by"] == "planner-1"
    body = shown["body"]
    assert body["checkpoint"] == answer["checkpoint"]
    assert body["command"] == "forecast"
    assert body["seed"] == 7
    assert body["selection"]["as_of"] == answer["as_of"]
    assert body["selection"]["products"] == [LETTUCE]
    assert body["selection"]["steps"] == ["retail_selling"]
    # Canonical JSON forbids binary floats: they are decimal texts.
    assert body["parameters"]["quantiles"] == ["0.1", "0.5", "0.9"]
    assert body["data_digest"].startswith("sha256:")
    assert body["output_digest"].startswith("sha256:")
    assert trace("verify").code == 0


def test_the_same_question_has_the_same_answer(trace, sample):
    first, second = (trace("forecast", "--json").answer for _ in range(2))
    assert second["series"] == first["series"]
    assert second["decision_seq"] == first["decision_seq"] + 1
    digests = [trace("decision", "show", one["decision_seq"], "--json").answer["body"] for one in (first, second)]
    assert digests[0]["output_digest"] == digests[1]["output_digest"]
    assert digests[0]["data_digest"] == digests[1]["data_digest"]


def test_text_for_planners(trace, sample):
    ran = trace("forecast", "--no-record")
    assert ran.code == 0
    assert "Demand is the quantity of retail_selling" in ran.out
    assert "anchor: pinned" in ran.out
    assert "░" in ran.out
    assert "80 % band (p10 to p90), in kg" in ran.out
    assert "week ending" in ran.out
    assert "Recorded" not in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    assert trace("forecast", "--no-record").out == ran.out


def test_charts_are_as_many_as_asked_for(trace, sample):
    counts = [
        trace("forecast", "--no-record", "--charts", wanted, "--model", "naive").out.count("last 24 weeks")
        for wanted in (0, 2, 9)
    ]
    assert counts == [0, 2, 3]


def test_product_and_place(trace, sample):
    answer = trace(
        "forecast", "--json", "--no-record", "--by", "product,place", "--place", "STORE-OMAHA", "--model", "naive",
        "--freq", "D", "--horizon", 3, "--quantiles", "0.25,0.75",
    ).answer  # fmt: skip
    assert {one["place"] for one in answer["series"]} == {"https://acme.example/loc/STORE-OMAHA"}
    first = answer["series"][0]
    assert first["unique_id"] == f"{LETTUCE}|https://acme.example/loc/STORE-OMAHA"
    assert [point["ds"] for point in first["points"]] == ["2026-03-02", "2026-03-03", "2026-03-04"]
    assert set(first["points"][0]["quantiles"]) == {"0.25", "0.75"}
    assert answer["decision_seq"] is None
    everything = trace("forecast", "--json", "--no-record", "--by", "product,place", "--model", "naive").answer
    parts = [one["total"] for one in everything["series"] if one["product"] == LETTUCE]
    whole = trace("forecast", "--json", "--no-record", "--top", 1, "--model", "naive").answer["series"][0]["total"]
    assert sum(parts) == pytest.approx(whole)


def test_files_hold_all_series(trace, sample, tmp_path):
    options = ("forecast", "--by", "product,place", "--top", 2, "--model", "naive", "--no-record")
    ran = trace(*options, "-o", tmp_path / "all.csv", "--charts", 0)
    assert "9 series" in ran.out.splitlines()[-1]
    assert "\n2. " in ran.out
    assert "\n3. " not in ran.out
    rows = list(csv.DictReader((tmp_path / "all.csv").read_text(encoding="utf-8").splitlines()))
    assert list(rows[0]) == ["unique_id", "ds", "mean", "q0.1", "q0.5", "q0.9", "model", "unit"]
    assert len(rows) == 9 * 8
    shown = trace(*options, "-o", tmp_path / "all.json", "--json").answer
    whole = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    assert len(shown["series"]) == 2
    assert len(whole["series"]) == 9 == whole["series_found"]
    assert whole["series"][:2] == shown["series"]
    assert rows[0]["mean"] == repr(whole["series"][0]["points"][0]["mean"])


def test_as_of_hides_what_was_not_yet_known(trace, sample):
    past = trace("forecast", "--json", "--no-record", "--as-of", "2026-02-01", "--model", "naive").answer
    assert past["as_of"] == "2026-02-01T00:00:00Z"
    assert past["series"][0]["points"][0]["ds"] == "2026-02-01"  # the week that this Sunday ends is not complete
    late = trace("forecast", "--no-record", "--as-of", "2026-04-01", "--model", "naive")
    assert late.code == 0
    assert "the history ends before --as-of" in late.err


def test_tampered_history_gives_no_number(trace, sample, tamper):
    tamper(sample / "ledger.db", 250, b"retail_selling", b"retail_sellinG")
    before = hashlib.sha256((sample / "ledger.db").read_bytes()).hexdigest()
    ran = trace("forecast")
    assert ran.code == 3
    assert ran.out == ""
    assert "first bad entry is 250" in ran.err
    assert "trace verify" in ran.err
    ran = trace("forecast", "--json")
    assert ran.code == 3
    assert ran.answer["schema"] == SCHEMA
    assert ran.answer["verdict"] == "tampered"
    assert ran.answer["first_bad_seq"] == 250
    assert ran.answer["error"]["code"] == 3
    assert "series" not in ran.answer
    assert hashlib.sha256((sample / "ledger.db").read_bytes()).hexdigest() == before


def test_unverified_history_says_so_everywhere(trace, sample, tamper, tmp_path):
    tamper(sample / "ledger.db", 250, b"retail_selling", b"retail_sellinG")
    options = ("forecast", "--unverified", "--model", "naive", "--top", 1)
    ran = trace(*options, "-o", tmp_path / "doubtful.csv")
    assert ran.code == 0
    assert ran.out.startswith("UNVERIFIED: ")
    assert "250" in ran.out.splitlines()[0]
    assert "not recorded" in ran.err
    rows = csv.DictReader((tmp_path / "doubtful.csv").read_text(encoding="utf-8").splitlines())
    assert {row["verified"] for row in rows} == {"False"}
    answer = trace(*options, "--json").answer
    assert answer["verified"] is False
    assert answer["decision_seq"] is None


def test_without_a_key_the_forecast_is_given_and_not_recorded(trace, sample):
    for path in (sample / "home" / "keys").rglob("*.key"):
        path.unlink()
    ran = trace("forecast", "--model", "naive", "--json")
    assert ran.code == 0
    assert ran.answer["decision_seq"] is None
    assert "not recorded: no key" in ran.err


def test_a_machine_that_believes_nobody_predicts_nothing(trace, sample, monkeypatch, tmp_path):
    monkeypatch.setenv("TRACE_HOME", str(tmp_path / "elsewhere"))
    ran = trace("forecast")
    assert ran.code == 3
    assert "untrusted" in ran.err


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--freq", "fortnight"), "fortnight"),
        (("--horizon", 0), "horizon"),
        (("--horizon", "many"), "many"),
        (("--as-of", "yesterday"), "--as-of"),
        (("--as-of", "2026-02-30"), "--as-of"),
        (("--as-of", "2026-02-01T10:00"), "offset"),
        (("--quantiles", "0.9,0.1"), "quantiles"),
        (("--quantiles", "0.1;0.9"), "--quantiles"),
        (("--quantiles", "nan"), "quantiles"),
        (("--model", "oracle"), "oracle"),
        (("--by", "lot"), "--by"),
        (("--by", "product,product"), "--by"),
        (("-o", "weeks.pdf"), ".xlsx"),
        (("--top", 0), "top"),
    ],
)
def test_bad_options_are_told(trace, ledger_of, options, word):
    ledger_of()
    ran = trace("forecast", *options)
    assert ran.code == 2
    assert word in ran.err
    assert ran.out == ""


def test_a_folder_that_is_not_there_is_told(trace, ledger_of):
    ledger_of()
    ran = trace("forecast", "-o", "nowhere/weeks.csv")
    assert (ran.code, ran.out) == (1, "")
    assert "nowhere" in ran.err


@pytest.mark.parametrize(
    ("table", "options", "words"),
    [
        ("", (), "no events"),
        (sales("retail_selling"), ("--as-of", "2025-01-01"), "nothing was known yet"),
        (sales("retail_selling"), ("--product", "COFFEE"), "COFFEE"),
        (sales("retail_selling"), ("--freq", "YS"), "no year with demand was complete"),
    ],
)
def test_nothing_to_forecast(trace, ledger_of, table, options, words):
    ledger_of(table)
    ran = trace("forecast", *options)
    assert ran.code == 4
    assert words in ran.err


def test_configured_steps_decide_what_is_demand(trace, ledger_of):
    folder = ledger_of(sales("dispensing"))
    assert trace("forecast", "--no-record", "--json").answer["demand"]["steps"] == ["dispensing"]
    settings = folder / "trace.toml"
    settings.write_text(settings.read_text().replace("steps = []", 'steps = ["storing"]'), encoding="utf-8")
    demand = trace("forecast", "--no-record", "--json", "--freq", "D", "--as-of", "2026-02-09").answer["demand"]
    assert demand["steps"] == ["storing"]
    assert demand["rule"] == "configured"


def test_mixed_units_are_told(trace, ledger_of):
    ledger_of(sales("retail_selling", units=("KGM", "LBR")))
    ran = trace("forecast", "--no-record")
    words = re.sub(r"\s+", " ", ran.out)
    assert "different units (KGM and LBR)" in words
    assert "TEA (mixed units per week)" in words


def test_short_histories_say_what_is_assumed(trace, ledger_of):
    ledger_of(sales("retail_selling", weeks=1))
    answer = trace("forecast", "--no-record", "--json", "--as-of", "2026-01-12").answer
    (series,) = answer["series"]
    assert series["accuracy"] == {"mase": None, "rmsse": None, "coverage80": None, "value_added": None}
    assert "too few" in series["notes"][0]


def test_terminals_without_unicode(trace, sample, monkeypatch):
    monkeypatch.setattr("trace_cli.reports.forecast.is_rich", lambda: False)
    ran = trace("forecast", "--no-record", "--model", "naive", "--quantiles", "0.05,0.95")
    assert ran.out.isascii()
    assert "90 % band (p5 to p95)" in ran.out
