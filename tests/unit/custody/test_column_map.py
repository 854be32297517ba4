# SPDX-License-Identifier: Apache-2.0
import pytest

from ledger.chain.errors import Refused
from ledger.custody.exchange.column_map import COLUMNS, ColumnMap, load_map, parse_map


def test_the_map_of_the_design(tmp_path):
    path = tmp_path / "MAP.toml"
    path.write_text(
        'timezone = "America/Sao_Paulo"\n[columns]\ntime = "event_time"\nitem = "item_id"\n'
        '[values.step]\nordering = "https://acme.example/step/ordering"\n'
        '[codes]\ndomain = "partner.example"\nplain = ["item"]\n'
    )
    found = load_map(path)
    assert str(found.zone) == "America/Sao_Paulo"
    assert found.ambiguous == "refuse"
    assert dict(found.columns) == {"time": "event_time", "item": "item_id"}
    assert found.values["step"]["ordering"] == "https://acme.example/step/ordering"
    assert (found.domain, found.plain) == ("partner.example", frozenset({"item"}))


def test_an_empty_map_is_no_map():
    assert parse_map({}) == ColumnMap(columns={}, values={})


def test_the_columns_of_the_design():
    design = (
        "time, step, item, product, lot, quantity, unit, place, from, to, container, party, document, "
        "disposition, recorded, promised"
    )
    assert set(design.split(", ")) <= set(COLUMNS)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"timezne": "UTC"}, "unknown key 'timezne'"),
        ({"timezone": "Mars"}, "no time zone"),
        ({"timezone": 3}, "name in quotes"),
        ({"ambiguous": "guess"}, "ambiguous must be"),
        ({"columns": {"tme": "x"}}, "unknown column 'tme'"),
        ({"columns": {"time": 3}}, "must be text"),
        ({"columns": []}, "must be text"),
        ({"columns": {"time": "x", "recorded": "x"}}, "take the same column"),
        ({"values": {"quantity": {"a": "b"}}}, "only these may be mapped"),
        ({"values": []}, "only these may be mapped"),
        ({"values": {"step": {"a": 1}}}, "must be text"),
        ({"values": {"step": "a"}}, "must be text"),
        ({"codes": {"doman": "x"}}, "only domain and plain"),
        ({"codes": []}, "only domain and plain"),
        ({"codes": {"domain": "Not A Domain"}}, "domain"),
        ({"codes": {"plain": ["lot"]}}, "lists any of"),
        ({"codes": {"plain": "item"}}, "lists any of"),
        ({"codes": {"plain": [["item"]]}}, "lists any of"),
        ({"home": "/"}, "unknown key 'home'"),
    ],
)
def test_refusals(table, says):
    with pytest.raises(Refused, match=says):
        parse_map(table)


@pytest.mark.parametrize("data", [b"timezone = ", b"\xff\xfe", b"a = 1\na = 2"])
def test_a_file_that_is_no_toml(tmp_path, data):
    path = tmp_path / "MAP.toml"
    path.write_bytes(data)
    with pytest.raises(Refused, match=r"MAP.toml is no TOML"):
        load_map(path)


def test_a_file_that_is_not_there(tmp_path):
    for path in (tmp_path / "MAP.toml", tmp_path):
        with pytest.raises(Refused, match="cannot be read"):
            load_map(path)


def test_the_file_is_named_in_a_refusal(tmp_path):
    path = tmp_path / "MAP.toml"
    path.write_text('timezone = "Mars"')
    with pytest.raises(Refused, match=r"MAP.toml: 'Mars'") as caught:
        load_map(path)
    assert "IANA" in caught.value.remedy
