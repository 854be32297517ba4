# SPDX-License-Identifier: Apache-2.0
"""A decision is repeated from the history at its size: same bits, or by how much not."""

import dataclasses
import json
import os
import subprocess
import sys
from datetime import datetime, timedelta

import pytest

import forecasting.batched_engine
from forecasting import registered_models

RUNS = {
    "forecast": ("forecast", "--seed", "7", "--product", "09521234000020"),
    "forecast statsmodels": ("forecast", "--model", "ets", "--freq", "D", "--horizon", "5"),
    "bottlenecks": ("bottlenecks", "--period", "D"),
    "through": ("bottlenecks", "--through-only"),
}
FEW = {
    "arrivals": ("forecast", "--of", "arrivals", "--place", "SHOP", "--horizon", "3"),
    "backtest": ("backtest", "--of", "eta", "--origins", "2"),
    "report": ("report", "operations", "-o", "page.html"),
}


def shipped(days=60):
    """A box a day: enough legs for a line, too few for trees, which `eta` has below."""
    yield "time,step,item,place,to\n"
    for day in range(days):
        moment = datetime(2026, 1, 5, 6) + timedelta(days=day)
        yield f"{moment:%Y-%m-%dT%H:%MZ},shipping,BOX-{day},DOCK,SHOP\n"
        if day < days - 2:
            moment += timedelta(hours=9 + day % 7)
            yield f"{moment:%Y-%m-%dT%H:%MZ},receiving,BOX-{day},SHOP,\n"


@pytest.fixture(params=sorted(RUNS))
def decided(request, trace, sample) -> int:
    """The number of a decision of each kind."""
    return trace(*RUNS[request.param], "--json").answer["decision_seq"]


@pytest.fixture
def forecasted(trace, sample) -> int:
    return trace("forecast", "--json").answer["decision_seq"]


def test_each_decision_comes_out_the_same(trace, decided):
    ran = trace("decision", "replay", decided, "--json")
    answer = ran.answer
    assert (ran.code, answer["schema"], answer["outcome"]) == (0, "trace.decision-replay/1", "same")
    assert answer["checkpoint"]["size"] == decided
    assert answer["present_size"] == decided + 1
    assert answer["output_digest"]["recorded"] == answer["output_digest"]["repeated"]
    assert answer["data_digest"]["recorded"] == answer["data_digest"]["repeated"]
    assert answer["difference"]["largest_relative"] == 0
    assert answer["changed"] == []


def test_the_text_says_so(trace, forecasted):
    text = trace("decision", "replay", forecasted).out
    assert text.startswith(f"Decision {forecasted} (forecast): same\n")


@pytest.mark.slow
@pytest.mark.parametrize("run", ["eta", "backtest"])
def test_lead_times_of_the_sample_come_out_the_same(trace, sample, run):
    words = {"eta": ("eta",), "backtest": ("backtest", "--of", "bottlenecks", "--origins", "2")}[run]
    seq = trace(*words, "--json").answer["decision_seq"]
    answer = trace("decision", "replay", seq, "--json").answer
    assert (answer["outcome"], answer["data_same"]) == ("same", True)


@pytest.mark.parametrize("run", sorted(FEW))
def test_lead_times_of_few_legs_come_out_the_same(trace, ledger_of, run):
    ledger_of("".join(shipped()))
    seq = trace(*FEW[run], "--json").answer["decision_seq"]
    answer = trace("decision", "replay", seq, "--json").answer
    assert (answer["outcome"], answer["data_same"]) == ("same", True)


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2])
def test_a_new_process_and_any_worker_count_give_the_same_bits(trace, forecasted, count):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "trace_cli",
            "decision",
            "replay",
            str(forecasted),
            "--json",
            "--workers",
            str(count),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": str(count)},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcome"] == "same"


@pytest.mark.slow
def test_many_chunks_on_two_workers_give_the_same_bits(trace, ledger_of):
    count = forecasting.batched_engine.CHUNK + 30
    rows = [
        f"2026-01-{5 + 7 * week:02d}T10:00Z,retail_selling,P{n:03d},{1 + (n * (week + 3)) % 17},SHOP"
        for n in range(count)
        for week in range(4)
    ]
    head = "time,step,product,quantity,place\n"
    ledger_of(head + "\n".join([*rows, "2026-02-09T10:00Z,storing,P001,1,SHOP"]) + "\n")
    ran = trace("forecast", "-o", "all.json", "--json", "--horizon", "2")
    assert ran.answer["series_found"] == count
    for workers in (1, 2):
        answer = trace("decision", "replay", ran.answer["decision_seq"], "--workers", workers, "--json").answer
        assert answer["outcome"] == "same"


def test_a_forecast_with_holidays_comes_out_the_same(trace, sample):
    answer = trace("forecast", "--freq", "D", "--horizon", "30", "--holidays", "us-tx", "--json").answer
    seq = answer["decision_seq"]
    body = trace("decision", "show", seq, "--json").answer["body"]
    assert body["parameters"]["holidays"] == ["US-TX"]
    assert body["data_digest"].endswith(body["parameters"]["holidays_digest"])
    assert trace("decision", "replay", seq, "--json").answer["outcome"] == "same"


@pytest.mark.parametrize("run", ["forecast", "bottlenecks"])
def test_later_entries_change_nothing(trace, sample, run):
    seq = trace(*RUNS[run], "--json").answer["decision_seq"]
    late = sample / "late.csv"
    late.write_text(
        "time,step,product,lot,quantity,unit,place\n"
        "2026-02-10T10:00Z,retail_selling,09521234000020,L99,5000,KGM,STORE-OMAHA\n",
        encoding="utf-8",
    )
    assert trace("import", late).code == 0
    assert trace("decision", "replay", seq, "--json").answer["outcome"] == "same"


@pytest.mark.parametrize("run", ["forecast", "bottlenecks"])
def test_one_changed_byte_is_refused(trace, sample, run, tamper):
    decided = trace(*RUNS[run], "--json").answer["decision_seq"]
    tamper(sample / "ledger.db", 3, b'"via":"imported"', b'"via":"scanneds"')
    ran = trace("decision", "replay", decided, "--json")
    assert ran.code == 3
    assert ran.answer["first_bad_seq"] == 3
    text = trace("decision", "replay", decided)
    assert (text.code, text.out) == (3, "")
    assert "the first bad entry is 3" in text.err


def test_a_changed_engine_is_different_and_by_how_much(trace, forecasted, monkeypatch):
    real = forecasting.demand_forecast.forecast_cuts

    def inflated(*asked):
        return [dataclasses.replace(one, mean=one.mean * 1.25) for one in real(*asked)]

    monkeypatch.setattr(forecasting.demand_forecast, "forecast_cuts", inflated)
    monkeypatch.setattr(registered_models, "engine_digest", lambda: "sha256:" + "0" * 64)
    ran = trace("decision", "replay", forecasted, "--json")
    answer = ran.answer
    assert (ran.code, answer["outcome"], answer["data_same"]) == (1, "different", True)
    gap = answer["difference"]
    # 1.25 m against m is a fifth of the larger; only the means moved, one of five numbers in a row.
    assert gap["largest_relative"] == pytest.approx(0.2)
    assert gap["column"] == "mean"
    assert 0 < gap["cells_different"] < gap["cells"]
    assert [one["what"] for one in answer["changed"]] == ["engine_digest"]
    text = trace("decision", "replay", forecasted)
    assert text.code == 1
    assert "Largest difference: 0.2 relative, in mean" in text.out


def test_rounding_is_within_tolerance(trace, forecasted, monkeypatch):
    real = forecasting.demand_forecast.forecast_cuts

    def nudged(*asked):
        return [dataclasses.replace(one, mean=one.mean * (1 + 1e-12)) for one in real(*asked)]

    monkeypatch.setattr(forecasting.demand_forecast, "forecast_cuts", nudged)
    ran = trace("decision", "replay", forecasted, "--json")
    assert (ran.code, ran.answer["outcome"]) == (0, "within tolerance")
    assert 0 < ran.answer["difference"]["largest_relative"] < 1e-9


def test_a_model_file_that_nobody_registered_is_refused(trace, forecasted, monkeypatch, tmp_path):
    changed = tmp_path / "learnt.json"
    changed.write_bytes(registered_models.MODEL_FILE.read_bytes().replace(b"0.1", b"0.2", 1))
    monkeypatch.setattr(registered_models, "MODEL_FILE", changed)
    for arguments in (("decision", "replay", forecasted), ("forecast", "--no-record")):
        ran = trace(*arguments)
        assert (ran.code, ran.out) == (5, "")
        assert "not registered" in ran.err
    # Models without learnt constants are not concerned.
    assert trace("forecast", "--model", "naive", "--no-record").code == 0


@pytest.mark.parametrize("seq", [0, 5, 999_999, -1])
def test_what_is_no_decision_is_not_found(trace, sample, seq):
    assert trace("decision", "replay", "--", seq).code == 4


def test_a_decision_of_another_history_is_refused(trace, sample, forecasted):
    """The key holder records a decision that states a history that never was."""
    from trace_cli.context import find_site

    body = trace("decision", "show", forecasted, "--json").answer["body"]
    lies = [
        {**body, "checkpoint": {**body["checkpoint"], "root": "ab" * 32}},
        {**body, "checkpoint": {**body["checkpoint"], "size": body["checkpoint"]["size"] - 1}},
        {**body, "checkpoint": {**body["checkpoint"], "size": 10**9}},
        {**body, "checkpoint": {**body["checkpoint"], "origin": "other.example/x"}},
    ]
    with find_site(None).recording() as recorder:
        seqs = [recorder.record_other("decision", one, by="x", via="typed").first for one in lies]
        bare = recorder.record_other("decision", {"command": "forecast"}, by="x", via="typed").first
        odd = recorder.record_other("decision", {**body, "command": "dream"}, by="x", via="typed").first
    for seq in seqs:
        ran = trace("decision", "replay", seq, "--json")
        assert (ran.code, ran.answer["first_bad_seq"]) == (3, seq)
    assert trace("decision", "replay", bare).code == 5
    assert trace("decision", "replay", odd).code == 5


def test_the_model_file_of_this_release_is_registered():
    assert registered_models.model_digest() in registered_models.registered_digests(), (
        "the constants were learnt anew: run python -m forecasting.registered_models and commit the register"
    )
