# SPDX-License-Identifier: Apache-2.0
"""Master data in the header of EPCIS documents: what is written is read again as the same, in every format."""

import json
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ledger.custody.exchange.epcis_document import VocabularyElement
from ledger.custody.exchange.epcis_vocabulary import json_header, xml_header

DATA = Path(os.environ.get("TRACE_TEST_DATA", Path(__file__).parents[4] / "shared" / "data")) / "traceability"
HEAD = "time,step,product,lot,quantity,unit,place,party\n"
ROWS = HEAD + "2026-03-01T09:00:00Z,shipping,9521321123458,24A,100,kg,DOCK-3,smith-farms\n"
FORMS = [("json", "2.0"), ("xml", "2.0"), ("xml", "1.2")]
MDA = "urn:epcglobal:cbv:mda#"


def records(trace):
    found = [
        one
        for type_ in ("place", "product", "partner")
        for one in trace(type_, "list", "--json").answer["records"]
    ]
    kept = []
    for one in found:
        kept.append(
            {
                key: value
                for key, value in one.items()
                if key not in ("seq", "recorded", "imported", "contact", "vocabulary")
            }
        )
    return kept


@pytest.fixture
def described(trace, ledger_of):
    folder = ledger_of(ROWS)
    trace(
        "place", "add", "DOCK-3", "--name", 'North "dock" <1> & co', "--latitude", "32.69", "--longitude=-114.62"
    )
    trace("place", "add", "DOCK-3", "--address", "1 Dock Road", "--tlc-source", "https://a.example/tlc")
    trace("place", "add", "NOT-NAMED", "--name", "Elsewhere")
    trace("partner", "add", "smith-farms", "--name", "Smith Farms", "--contact", "Ann 555")
    (folder / "p.csv").write_text(
        "id,name,unit,shelf_life,tolerance,lot_size,colour\n9521321123458,Romaine,kg,14,2%,40,green\n",
        encoding="utf-8",
    )
    assert trace("product", "import", "p.csv").code == 0
    return folder


@pytest.mark.parametrize(("form", "version"), FORMS)
def test_another_ledger_reads_what_was_written(trace, described, tmp_path, monkeypatch, form, version):
    sent = tmp_path / "sent"
    ran = trace("export", "epcis", "--format", form, "--version", version, "--drop", "-o", sent, "--json")
    assert (ran.code, ran.answer["master"]) == (0, 3)
    before = [one for one in records(trace) if one.get("name") != "Elsewhere"]
    again = trace("import", sent, "--json").answer
    other = tmp_path / "other"
    monkeypatch.setenv("TRACE_HOME", str(other / "home"))
    assert trace("init", other, "--org", "acme.example", "--site", "dc2").code == 0
    monkeypatch.chdir(other)
    assert trace("import", sent).code == 0
    assert records(trace) == before
    assert trace("partner", "show", "smith-farms", "--json").answer["records"][0].get("contact") is None
    # At home only the word for the kind of vocabulary is new, and nothing at all the second time.
    assert again["master_recorded"] in (0, 3)


def test_a_second_import_records_nothing_and_an_export_of_it_says_the_same(trace, described, tmp_path):
    first, second = tmp_path / "1.jsonld", tmp_path / "2.jsonld"
    trace("export", "epcis", "-o", first)
    trace("import", first)
    assert trace("import", first, "--json").answer["master_recorded"] == 0
    trace("export", "epcis", "-o", second)
    headers = [json.loads(path.read_text(encoding="utf-8"))["epcisHeader"] for path in (first, second)]
    assert headers[0] == headers[1]


def test_contacts_never_leave_and_the_header_can_be_left_out(trace, described, tmp_path):
    for form, version in FORMS:
        trace("export", "epcis", "--format", form, "--version", version, "--drop", "-o", tmp_path / "out")
        text = (tmp_path / "out").read_text(encoding="utf-8")
        assert "Smith Farms" in text
        assert "Ann 555" not in text
        assert "Elsewhere" not in text
    trace("export", "epcis", "--no-master-data", "-o", tmp_path / "bare")
    assert "epcisHeader" not in (tmp_path / "bare").read_text(encoding="utf-8")


def test_an_erased_address_is_left_out(trace, described, tmp_path):
    seq = trace("place", "show", "DOCK-3", "--json").answer["records"][0]["seq"]
    assert trace("erase", seq, "--field", "address", "--reason", "asked").code == 0
    trace("export", "epcis", "-o", tmp_path / "out")
    text = (tmp_path / "out").read_text(encoding="utf-8")
    assert "1 Dock Road" not in text
    assert "_commit" not in text
    assert "North" in text


def test_the_attributes_are_those_of_the_vocabulary(trace, described, tmp_path):
    trace("export", "epcis", "-o", tmp_path / "out")
    header = json.loads((tmp_path / "out").read_text(encoding="utf-8"))["epcisHeader"]
    lists = {
        one["type"].rpartition(":")[2]: one["vocabularyElementList"]
        for one in header["epcisMasterData"]["vocabularyList"]
    }
    assert sorted(lists) == ["EPCClass", "Location", "Party"]
    place = {one["id"]: one["attribute"] for one in lists["Location"][0]["attributes"]}
    assert place[f"{MDA}streetAddressOne"] == "1 Dock Road"
    assert (place[f"{MDA}latitude"], place[f"{MDA}longitude"]) == ("32.69", "-114.62")
    product = {one["id"] for one in lists["EPCClass"][0]["attributes"]}
    assert f"{MDA}descriptionShort" in product
    assert all(":" in name for name in product)


def test_headers_of_others_come_out_as_they_came_in(trace, ledger_of, tmp_path):
    files = sorted((DATA / "epcis-documents").rglob("*.xml"))
    files = [path for path in files if b"VocabularyElement " in path.read_bytes()]
    if not files:
        pytest.skip("no EPCIS headers by others: $TRACE_TEST_DATA/traceability/epcis-documents")
    ledger_of()
    for path in files:
        assert trace("import", path).code == 0
    for name, options in (("json", ()), ("xml", ("--format", "xml", "--version", "1.2", "--drop"))):
        assert trace("export", "epcis", *options, "-o", tmp_path / name, "--json").answer["master"] > 0
        assert trace("import", tmp_path / name, "--json").answer["master_recorded"] == 0


HOSTILE = VocabularyElement(
    'urn:x:"><evil/>',
    'id"><evil/>',
    (('a"><evil/>', "<evil/>\x01&"), ("b", {"c": ["1", "2"], "<evil/>": "x"})),
    ("<evil/>",),
)


def test_a_header_is_never_markup_of_others():
    for version in ("1.2", "2.0"):
        text = xml_header([HOSTILE], version=version, created="2026-03-01T00:00:00Z", sender="<evil/>")
        assert not list(ElementTree.fromstring(text).iter("evil"))
    assert json.loads("{" + json_header([HOSTILE]).rstrip(",\n") + "}")
    assert xml_header([], version="2.0", created="", sender="") == ""
    assert json_header([]) == ""
