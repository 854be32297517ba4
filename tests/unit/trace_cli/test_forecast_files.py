# SPDX-License-Identifier: Apache-2.0
"""`trace forecast -o FILE`: the suffix says which; all series in each, and what proves them."""

import json
import re
import xml.etree.ElementTree as ET
from html import unescape

import pandas as pd
import pytest

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '=1+1<img src="x">'


@pytest.fixture
def own(tmp_path):
    """Two series of months, one of them with a name that is a formula and markup."""
    rows = ["unique_id,ds,y"]
    for name in ('"=1+1<img src=""x"">"', "0012"):
        rows += [
            f"{name},{2022 + k // 12}-{k % 12 + 1:02d}-01,{50 + 20 * (k % 12 == 5) + k % 3}" for k in range(36)
        ]
    path = tmp_path / "own.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def pictures(page):
    return [ET.fromstring(found) for found in re.findall(r"<svg .*?</svg>", page)]


def test_the_page_says_what_proves_it(trace, sample):
    ran = trace("forecast", "--by", "product,place", "--top", 2, "-o", "f.html", "--json")
    assert ran.code == 0
    seq, root = ran.answer["decision_seq"], ran.answer["checkpoint"]["root"]
    page = (sample / "f.html").read_text(encoding="utf-8")
    body = trace("decision", "show", seq, "--json").answer["body"]
    for words in (root, f"entry {seq} of that log", f"trace decision replay {seq}", body["output_digest"]):
        assert words in page
    assert ran.answer["output_digest"] == body["output_digest"]
    assert "default-src 'none'" in page
    assert not re.search(r"<script|<link|<img|src=|url\(|@import", page)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page)
    assert "UNVERIFIED" not in page
    assert len(pictures(page)) == ran.answer["series_found"] == 9
    for words in ran.answer["completeness"]["words"]:
        assert words in unescape(page)
    for one in ran.answer["series"]:
        assert {reason["part"] for reason in one["why"]} == {"level", "trend", "season"}
        for reason in one["why"]:
            assert reason["words"] in unescape(page)


def test_pictures_stay_inside_and_say_every_period(trace, own):
    page = own.with_suffix(".html")
    answer = trace("forecast", "--series", own, "--freq", "MS", "--horizon", 5, "-o", page, "--json").answer
    for picture, one in zip(pictures(page.read_text(encoding="utf-8")), answer["series"], strict=True):
        _, _, width, height = map(float, picture.attrib["viewBox"].split())
        paths = [path.attrib["d"] for path in picture.iter(f"{SVG}path")]
        numbers = [list(map(float, re.findall(r"-?[0-9.]+", path))) for path in paths]
        for values in numbers:
            assert all(0 <= x <= width for x in values[::2])
            assert all(0 <= y <= height for y in values[1::2])
        (band,) = [path for path in picture.iter(f"{SVG}path") if path.attrib["class"] == "band"]
        assert len(re.findall(r"[0-9.]+ [0-9.]+", band.attrib["d"])) == 2 * (5 + 2)
        told = [rect.find(f"{SVG}title").text for rect in picture.iter(f"{SVG}rect")]
        assert len(told) == 36 + 5
        assert told[-1].startswith(one["points"][-1]["ds"])


def test_nothing_in_a_page_is_markup_that_was_not_ours(trace, own):
    page = own.with_suffix(".html")
    assert trace("forecast", "--series", own, "--freq", "MS", "-o", page).code == 0
    text = page.read_text(encoding="utf-8")
    assert "<img" not in text
    assert "=1+1&lt;img src=&quot;x&quot;&gt;" in text
    assert "UNVERIFIED" in text


def test_a_workbook_has_texts_as_texts(trace, own):
    openpyxl = pytest.importorskip("openpyxl")
    path = own.with_suffix(".xlsx")
    answer = trace("forecast", "--series", own, "--freq", "MS", "--horizon", 4, "-o", path, "--json").answer
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["About", "Series", "Forecast", "History"]
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    head, *rows = book["Forecast"].iter_rows(values_only=True)
    assert len(rows) == 2 * 4
    found = dict(zip(head, rows[4], strict=True))
    assert found["unique_id"] == "0012"
    assert found["mean"] == answer["series"][1]["points"][0]["mean"]
    assert f"{found['ds']:%Y-%m-%d}" == "2025-01-01"
    assert book["Forecast"]["A2"].value == HOSTILE
    assert book["History"].max_row == 1 + 2 * 36
    about = dict(book["About"].iter_rows(min_row=2, values_only=True))
    assert about["verified"].startswith("NO")


def test_parquet_is_read_back_with_every_digit(trace, sample):
    pyarrow = pytest.importorskip("pyarrow.parquet")
    answer = trace("forecast", "-o", "f.parquet", "--json").answer
    table = pd.read_parquet("f.parquet")
    points = [point for one in answer["series"] for point in one["points"]]
    assert table["mean"].tolist() == [point["mean"] for point in points]
    assert table["q0.9"].tolist() == [point["quantiles"]["0.9"] for point in points]
    assert table["ds"].dt.strftime("%Y-%m-%d").tolist() == [point["ds"] for point in points]
    assert table["verified"].all()
    told = json.loads(pyarrow.read_schema("f.parquet").metadata[b"trace"])
    assert told["checkpoint"] == answer["checkpoint"]
    assert told["decision_seq"] == answer["decision_seq"]


@pytest.mark.parametrize("name", ["f.pdf", "f", "f.html.gz"])
def test_another_suffix_is_refused_and_the_known_ones_are_named(trace, own, name):
    for arguments in (("forecast", "--series", own), ("forecast",)):
        ran = trace(*arguments, "--freq", "MS", "-o", own.parent / name)
        assert ran.code == 2
        assert ".html, .xlsx, .csv, .parquet or .json" in ran.err
    assert not (own.parent / name).exists()


def test_the_terminal_says_why_and_how_complete(trace, sample):
    lines = trace("forecast", "--no-record").out.splitlines()
    assert any(line.startswith("Record: of ") for line in lines)
    assert [line.split()[0] for line in lines if re.match(r"   (level|trend|season)  ", line)] == [
        "level", "trend", "season",
    ] * 3  # fmt: skip
    assert max(map(len, lines)) <= 80
