# SPDX-License-Identifier: Apache-2.0
"""`trace backtest` of demand: segments, what was known ahead, files."""

import csv
import json

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def own(tmp_path):
    """Twelve series of weeks that a promotion lifts; those of one supplier cannot be foreseen."""
    rng = np.random.default_rng(1)
    pieces = []
    for k in range(12):
        promo = (rng.random(60) < 0.3).astype(int)
        noise = 0.6 if k % 3 == 0 else 0.05
        y = np.round(50 * np.exp(0.9 * promo + rng.normal(0, noise, 60)))
        ds = pd.date_range("2024-01-07", periods=60, freq="W")
        supplier = "wild" if k % 3 == 0 else "calm"
        pieces.append(pd.DataFrame({"unique_id": f"s{k}", "ds": ds, "y": y, "promo": promo, "supplier": supplier}))
    table = pd.concat(pieces)
    table.to_csv(tmp_path / "own.csv", index=False)
    table[["unique_id", "ds", "promo"]].to_csv(tmp_path / "plans.csv", index=False)
    return tmp_path / "own.csv"


ASKED = ("--freq", "W", "--horizon", 4, "--origins", 2, "--json")


def row_of(answer, kind, segment, model):
    (row,) = [
        one for one in answer["segments"] if (one["kind"], one["segment"], one["model"]) == (kind, segment, model)
    ]
    return row


@pytest.mark.parametrize("option", [("--future", "plans.csv"), ("--regressors", "promo")])
def test_what_was_known_ahead_is_worth_something(trace, own, option, monkeypatch):
    monkeypatch.chdir(own.parent)
    answer = trace("backtest", "--series", own, *option, *ASKED).answer
    assert answer["regressors"] == ["promo"]
    assert {row["model"] for row in answer["segments"]} == {"auto", "combination", "seasonal_naive", "naive"}
    with_plans, without = (row_of(answer, "supplier", "calm", model) for model in ("auto", "combination"))
    assert with_plans["mase"] < 0.5 * without["mase"]
    assert with_plans["added_over_naive"] > 0.5


def test_unfairness_is_seen_with_its_interval(trace, own):
    answer = trace("backtest", "--series", own, "--regressors", "promo", *ASKED).answer
    wild, calm = (row_of(answer, "supplier", name, "auto") for name in ("wild", "calm"))
    assert (wild["series"], calm["series"]) == (4, 8)
    assert 0 < wild["gap_low"] < wild["gap_high"]
    assert calm["gap_high"] < 0
    assert {row["kind"] for row in answer["segments"]} == {"all", "abc", "xyz", "class", "size", "supplier"}
    text = trace("backtest", "--series", own, "--regressors", "promo", *ASKED[:-1]).out
    assert "supplier wild: errors" in text
    assert "larger than elsewhere (4 series, 90 % interval)" in text


def test_a_ledger_tells_places_and_suppliers_apart(trace, sample):
    answer = trace("backtest", "--by", "product,place", "--json", "--models", "naive,seasonal_naive").answer
    kinds = {row["kind"] for row in answer["segments"]}
    assert {"product", "place", "supplier"} <= kinds
    suppliers = {row["segment"] for row in answer["segments"] if row["kind"] == "supplier"}
    assert "https://acme.example/loc/PACK-YUMA" in suppliers


@pytest.mark.parametrize("suffix", ["html", "xlsx", "csv", "parquet", "json"])
def test_files_have_every_segment(trace, own, suffix):
    path = own.with_suffix(f".out.{suffix}")
    answer = trace("backtest", "--series", own, "--models", "naive,seasonal_naive", *ASKED, "-o", path).answer
    count = len(answer["segments"])
    if suffix == "json":
        assert json.loads(path.read_text(encoding="utf-8")) == answer
    elif suffix == "csv":
        assert len(list(csv.reader(path.read_text(encoding="utf-8").splitlines()))) == count + 1
    elif suffix == "parquet":
        assert pd.read_parquet(path)["mase"].tolist() == [row["mase"] for row in answer["segments"]]
    elif suffix == "xlsx":
        openpyxl = pytest.importorskip("openpyxl")
        assert openpyxl.load_workbook(path)["Segments"].max_row == count + 1
    else:
        page = path.read_text(encoding="utf-8")
        assert "UNVERIFIED" in page
        assert "<script" not in page
        assert page.count("<tr>") > count


def test_holidays_in_a_backtest(trace, tmp_path):
    ds = pd.date_range("2023-01-02", periods=500, freq="D")
    y = np.where(ds.strftime("%m-%d").isin(["01-01", "05-29", "07-04"]), 0, 30 + 10 * (ds.day_of_week == 4))
    pd.DataFrame({"unique_id": "a", "ds": ds, "y": y}).to_csv(tmp_path / "d.csv", index=False)
    ran = trace(
        "backtest", "--series", tmp_path / "d.csv", "--freq", "D", "--horizon", 7, "--holidays", "US", "--json"
    )
    assert ran.answer["holidays"] == ["US"]
    assert {row["model"] for row in ran.answer["segments"]} >= {"auto", "combination"}
