# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pandas as pd
import pytest

from forecasting.decisions import data_digest, describe_run, library_versions, output_digest
from forecasting.errors import BadArgument, BadTable

TABLE = pd.DataFrame(
    {
        "unique_id": ["b", "a", "a"],
        "ds": pd.to_datetime(["2024-01-01", "2024-02-01", "2024-01-01"]),
        "y": [1.0, 2.5, np.nan],
        "causes": [["x", "y"], [], ["z"]],
    }
)


def test_a_digest_that_never_moves():
    assert data_digest(pd.DataFrame({"y": [1.5], "a": ["é"]})) == (
        "sha256:" + __import__("hashlib").sha256('["a", "y"]\n"é"\t1.5'.encode()).hexdigest()
    )


@pytest.mark.parametrize(
    "same",
    [
        TABLE.iloc[[2, 0, 1]],
        TABLE[["y", "ds", "causes", "unique_id"]],
        TABLE.assign(unique_id=TABLE["unique_id"].astype(object)),
        TABLE.assign(unique_id=TABLE["unique_id"].astype("category")),
        TABLE.assign(ds=TABLE["ds"].dt.tz_localize("UTC")),
        TABLE.assign(ds=TABLE["ds"].dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo")),
        TABLE.assign(y=TABLE["y"].astype("Float64")),
        TABLE.set_index(pd.Index([7, 8, 9])),
    ],
)
def test_form_does_not_matter(same):
    assert data_digest(same, ["unique_id", "ds"]) == data_digest(TABLE, ["unique_id", "ds"])


@pytest.mark.parametrize(
    "other",
    [
        TABLE.assign(y=[1.0, 2.5, 0.0]),
        TABLE.assign(y=[1.0, np.nextafter(2.5, 3), np.nan]),
        TABLE.assign(unique_id=["b", "a", "a "]),
        TABLE.rename(columns={"y": "z"}),
        TABLE.iloc[:2],
        TABLE.assign(ds=TABLE["ds"] + pd.Timedelta(microseconds=1)),
    ],
)
def test_any_value_matters(other):
    assert data_digest(other) != data_digest(TABLE)


def test_cells_cannot_run_together():
    one = pd.DataFrame({"a": ["x\t1"], "b": ["y"]})
    two = pd.DataFrame({"a": ["x"], "b": ["1\ty"]})
    assert data_digest(one) != data_digest(two)
    assert data_digest(pd.DataFrame({"a": ["1"]})) != data_digest(pd.DataFrame({"a": [1]}))


def test_order_is_part_of_an_answer():
    assert output_digest(TABLE.iloc[[2, 0, 1]]) != output_digest(TABLE)


def test_refusals():
    with pytest.raises(BadTable):
        data_digest(TABLE, ["place"])
    with pytest.raises(BadArgument, match="column a"):
        data_digest(pd.DataFrame({"a": [object()]}))


def test_a_run_is_described_in_json_without_floats():
    payload = describe_run(
        command="forecast",
        checkpoint={"origin": "acme.example/dc1", "size": 12, "root": "ab" * 32},
        selection={"as_of": pd.Timestamp("2024-01-01", tz="UTC")},
        data=data_digest(TABLE),
        model="auto",
        parameters={"quantiles": (0.1, 0.5), "horizon": np.int64(8), "alpha": 1e-7},
        seed=0,
        output=output_digest(TABLE),
    )
    text = json.dumps(payload)
    assert json.loads(text, parse_float=lambda number: pytest.fail(f"float {number}")) == payload
    assert payload["parameters"] == {"quantiles": ["0.1", "0.5"], "horizon": 8, "alpha": "1e-07"}
    assert set(library_versions()) == {"python", "numpy", "pandas", "statsmodels", "trace"}


def test_a_run_with_something_unspeakable_is_refused():
    with pytest.raises(BadArgument, match=r"parameters\.model"):
        describe_run(
            command="forecast",
            checkpoint={},
            selection={},
            data="",
            model="",
            parameters={"model": object()},
            seed=0,
            output="",
        )
