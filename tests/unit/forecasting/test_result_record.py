# SPDX-License-Identifier: Apache-2.0
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting import result_record
from forecasting.errors import UnregisteredModel
from forecasting.registered_models import engine_digest, model_digest, register_model, require_registered
from forecasting.result_record import compare_results, read_result, record_result


def table(values, ids=None):
    return pd.DataFrame({"unique_id": ids or [f"s{n}" for n in range(len(values))], "mean": values})


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_a_record_reads_back_bit_for_bit(values):
    back = read_result(record_result(table(values)))
    assert back is not None
    assert [value.hex() for value in back["mean"]] == [float(value).hex() for value in values]
    assert compare_results(record_result(table(values)), record_result(table(values))).outcome == "same"


def test_the_largest_difference_is_found_with_its_place():
    found = compare_results(record_result(table([10.0, 20.0, 0.0])), record_result(table([10.0, 25.0, 0.0])))
    assert (found.outcome, found.column, found.row, found.cells_different) == ("different", "mean", "s1", 1)
    assert (found.largest_relative, found.largest_absolute) == (pytest.approx(0.2), 5.0)


@pytest.mark.parametrize(
    ("gap", "outcome"), [(1e-12, "within tolerance"), (0.9e-9, "within tolerance"), (1.1e-9, "different")]
)
def test_the_tolerance_is_relative(gap, outcome):
    found = compare_results(record_result(table([1e6])), record_result(table([1e6 * (1 + gap)])))
    assert found.outcome == outcome


@pytest.mark.parametrize(
    "other",
    [table([1.0]), table([1.0, math.nan]), table([1.0, 2.0], ["s0", "x"]), table([1.0, 2.0, 3.0]), table([])],
)
def test_what_one_side_lacks_is_different(other):
    found = compare_results(record_result(table([1.0, 2.0])), record_result(other))
    assert found.outcome == "different"
    assert found.cells_different > 0


def test_lists_are_left_to_the_digest():
    record = record_result(pd.DataFrame({"a": [1], "causes": [["x"]]}))
    assert set(record["columns"]) == {"a"}


def test_a_large_result_is_kept_as_totals(monkeypatch):
    small = record_result(table([1.0, 2.0, 3.0]))
    monkeypatch.setattr(result_record, "MOST_CELLS", 5)
    large = record_result(table([1.0, 2.0, 3.0]))
    assert large == {"rows": 3, "totals": {"mean": "6.0"}}
    assert read_result(large) is None
    assert compare_results(large, small).outcome == "same"
    other = record_result(table(np.array([1.0, 2.0, 5.0])))
    assert compare_results(large, other).largest_relative == pytest.approx(0.25)


def test_a_model_is_used_only_where_it_is_registered(tmp_path):
    model, register = tmp_path / "model.json", tmp_path / "register.json"
    model.write_text("{}")
    first = register_model(model, register)
    require_registered(first, register)
    model.write_text("{ }")
    with pytest.raises(UnregisteredModel):
        require_registered(model_digest(model), register)
    second = register_model(model, register)
    for digest in (first, second):
        require_registered(digest, register)


def test_the_engine_digest_sees_code_and_constants_and_not_training(tmp_path):
    for name in ("a.py", "engine/b.json", "training/c.py", "d.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1")
    before = engine_digest(tmp_path)
    for name, counts in (("training/c.py", False), ("d.txt", False), ("a.py", True), ("engine/b.json", True)):
        (tmp_path / name).write_text("2")
        assert (engine_digest(tmp_path) != before) == counts, name
        before = engine_digest(tmp_path)
