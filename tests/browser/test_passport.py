# SPDX-License-Identifier: Apache-2.0
"""The passport in a real browser, opened as a file: INTACT with the count, else BROKEN with the event."""

import base64
import hashlib
import json
import random
import re
from datetime import UTC, datetime, timedelta
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest

from ledger.chain.bundle import parse_bundle, write_bundle
from ledger.chain.keys import create_key
from ledger.chain.policy import create_policy
from ledger.custody.privacy import make_policy
from ledger.custody.recorder import Recorder
from trace_cli.main import run
from trace_cli.passport import read_evidence, write_page
from trace_cli.settings import write_settings

ITEM = "https://acme.example/obj/BOX-1"
PALLET = "https://id.gs1.org/00/952132112345678902"
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
EVENTS = 7
SEED = 20260301
MUTATIONS = 90
# Chromium is started once; every page is opened as a file of its own.
pytestmark = pytest.mark.slow


def body(kind: str, step: str, place: str, hour: int, **more: Any) -> dict[str, Any]:
    moment = START + timedelta(hours=hour)
    return {
        "type": kind,
        "eventID": f"urn:uuid:00000000-0000-4000-8000-{hour:012}",
        "eventTime": f"{moment:%Y-%m-%dT%H:%M:%S}Z",
        "eventTimeZoneOffset": "+00:00",
        "bizStep": step,
        "readPoint": {"id": f"https://acme.example/loc/{place}"},
        **more,
    }


def events() -> list[dict[str, Any]]:
    """A box goes to Dallas on a pallet. Events 5 and 11 are on that pallet before and after, not about the box."""
    pallet = {"action": "OBSERVE", "epcList": [PALLET]}
    box = {"action": "ADD", "epcList": [ITEM]}
    return [
        body(
            "ObjectEvent", "commissioning", "FARM", 1, **box, **{"own:contact": "Nora Nameless", "own:weight": 7}
        ),
        body(
            "ObjectEvent", "inspecting", "FARM", 3, action="OBSERVE", epcList=[ITEM], **{"own:note": "<b>ripe</b>"}
        ),
        body("ObjectEvent", "storing", "YARD", 5, **pallet),
        body("AggregationEvent", "packing", "FARM", 6, action="ADD", parentID=PALLET, childEPCs=[ITEM]),
        body("ObjectEvent", "shipping", "FARM", 7, **pallet),
        body("ObjectEvent", "receiving", "DALLAS", 9, **pallet),
        body("AggregationEvent", "unpacking", "DALLAS", 10, action="DELETE", parentID=PALLET),
        body("ObjectEvent", "storing", "YARD", 11, **pallet),
        body("ObjectEvent", "retail_selling", "STORE & MORE", 12, action="OBSERVE", epcList=[ITEM]),
    ]


def make_site(folder: Path, *, hybrid: bool = False) -> Path:
    home, origin, privacy = folder / "home", "acme.example/dc1", make_policy()
    key = create_key(home, origin, hybrid=hybrid) if hybrid else create_key(home, origin)
    create_policy(home, origin, *key.verifiers)
    moments = iter(START + timedelta(hours=30 + number) for number in range(100))
    recorder = Recorder.create(
        folder / "ledger.db", key, privacy, clock=lambda: next(moments), home=home, by="setup"
    )
    write_settings(folder / "trace.toml", org="acme.example", site="dc1")
    recorder.record([recorder.prepare(one, by="dock-3", via="scanned") for one in events()])
    recorder.log.close()
    return folder


def call(site: Path, *arguments: object) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRACE_HOME", str(site / "home"))
        patch.setenv("TRACE_BY", "auditor")
        with pytest.raises(SystemExit) as left:
            run([str(argument) for argument in arguments])
    return int(left.value.code or 0)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return make_site(tmp_path_factory.mktemp("passport"))


@pytest.fixture(scope="module")
def page(site):
    assert call(site, "passport", "BOX-1", "-o", site / "box.html", "-C", site) == 0
    return (site / "box.html").read_text(encoding="utf-8")


def repair(evidence: str) -> str:
    """Write the digest anew, as somebody would who changes more than one byte."""
    first, _, rest = evidence.split("\n", 2)
    return f"{first}\nsha256 {hashlib.sha256(rest.encode()).hexdigest()}\n{rest}"


def with_evidence(page: str, evidence: str) -> str:
    return page.replace(escape(read_evidence(page), quote=False), escape(evidence, quote=False))


def test_a_quantity_has_its_unit_as_people_write_it(browser, site, page):
    browser.open(site / "box.html")
    event = "{{event: {{body: new Map(), mentions: [{{uri: 'x', quantity: new Numeral('{0}'), unit: {1}}}]}}}}"
    for number, unit, shown in (
        ("63.4", "'KGM'", "63.4 kg"),
        ("1", "'XCS'", "1 case"),
        ("2", "'XCS'", "2 cases"),
        ("2", "'ZZZ'", "2 ZZZ"),
        ("2", "null", "2"),
        ("2", "'constructor'", "2 constructor"),
    ):
        assert browser.evaluate(f"quantityOf({event.format(number, unit)}, 'x')") == shown


def test_intact_with_the_count_and_the_fingerprint(browser, site, page, capsys):
    said = browser.open(site / "box.html")
    assert said["words"] == "intact"
    assert said["title"] == "INTACT"
    assert f"{EVENTS} events" in said["verdict"]
    assert call(site, "passport", "BOX-1", "-o", site / "again.html", "-C", site, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["fingerprint"] in said["verdict"]
    assert len(answer["events"]) == EVENTS
    assert (site / "again.html").read_text(encoding="utf-8") == page
    for shown in ("STORE & MORE", "DALLAS", "inside", "(00)952132112345678902", "BOX-1", "2026-03-01 09:00"):
        assert shown in said["text"]
    assert "YARD" not in said["text"]
    assert browser.evaluate("document.querySelectorAll('#journey circle').length") == EVENTS
    assert "Nora Nameless" in browser.evaluate("document.getElementById('events').textContent")
    assert browser.requests == [(site / "box.html").as_uri()]
    assert browser.errors == []


def test_what_is_shown_is_never_markup(browser, site, page):
    browser.open(site / "box.html")
    assert "<b>ripe</b>" in browser.evaluate("document.getElementById('events').textContent")
    assert browser.evaluate("document.querySelectorAll('#events b, #events script, #events a').length") == 0


def regions(evidence: str) -> dict[str, list[int]]:
    """Where each part of the evidence stands, by the positions of its characters."""
    found: dict[str, list[int]] = {name: [] for name in ("event", "proof", "signature", "value", "head", "root")}
    at, part = 0, "head"
    for number, line in enumerate(evidence.split("\n")):
        span = list(range(at, at + len(line)))
        if line.startswith("c2sp.org"):
            part = "section"
        elif line == "values":
            part = "value"
        elif line == "acme.example/dc1":
            part = "root"
        if line.startswith("extra "):
            found["event"] += span[6:]
        elif line.startswith("\u2014 "):
            found["signature"] += span
        elif part == "section" and re.fullmatch("[A-Za-z0-9+/]{43}=", line):
            found["proof"] += span
        elif part in ("value", "root") or (part == "head" and number > 1):
            found[part] += span
        at += len(line) + 1
    return found


def owner_of(evidence: str, at: int) -> int | None:
    """The number of the entry in whose section a character stands."""
    end = evidence.find("\n\n", at)
    start = evidence.rfind("c2sp.org/tlog-proof@v1\nextra ", 0, at)
    if start < 0 or "\n\n" in evidence[start:at]:
        return None
    found = re.search("^index ([0-9]+)$", evidence[start:end], re.MULTILINE)
    return int(found[1]) if found else None


def mutate(evidence: str, at: int, chance: random.Random) -> str:
    sign = evidence[at]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = chance.choice([letter for letter in letters if letter != sign])
    return evidence[:at] + other + evidence[at + 1 :]


def test_one_byte_changed_anywhere_is_broken_and_names_the_event(browser, site, page, tmp_path):
    chance = random.Random(SEED)
    evidence = read_evidence(page)
    places = regions(evidence)
    assert all(places.values())
    wrong = []
    for number in range(MUTATIONS):
        name = list(places)[number % len(places)]
        at = chance.choice(places[name])
        changed = mutate(evidence, at, chance)
        # Every second one is by somebody who also writes the digest anew.
        path = tmp_path / f"{number}.html"
        path.write_text(with_evidence(page, repair(changed) if number % 12 >= 6 else changed), encoding="utf-8")
        said = browser.open(path)
        owner = owner_of(evidence, at)
        named = (
            f"entry {owner}:" in said["verdict"]
            if owner is not None
            else re.search("[Aa]ll .*events|entry", said["verdict"])
        )
        if said["words"] != "broken" or said["shown"] or not named or "INTACT" in said["text"]:
            wrong.append((name, at, number, said["verdict"]))
    assert wrong == []


def test_any_shown_field_changed_inside_an_event_is_broken(browser, site, page, tmp_path):
    evidence = read_evidence(page)
    for old, new in ((b"DALLAS", b"AUSTIN"), (b"receiving", b"destroying"), (b"2026-03-01T17", b"2026-03-01T18")):
        bundle = parse_bundle(evidence)
        seqs = [proof.index for proof in bundle.proofs if old in (proof.extra or b"")]
        assert seqs
        text = evidence
        for proof in bundle.proofs:
            data = proof.extra or b""
            text = text.replace(base64.b64encode(data).decode(), base64.b64encode(data.replace(old, new)).decode())
        path = tmp_path / "field.html"
        path.write_text(with_evidence(page, repair(text)), encoding="utf-8")
        said = browser.open(path)
        assert said["words"] == "broken"
        assert [f"entry {seq}:" in said["verdict"] for seq in seqs] == [True] * len(seqs)
        assert new.decode() not in said["text"]


def test_events_of_another_item_or_twice_or_left_out_of_order(browser, site, page, tmp_path):
    evidence = read_evidence(page)
    bundle = parse_bundle(evidence)
    other = site / "pallet.bundle"
    assert call(site, "prove", "952132112345678902", "-o", other, "-C", site) == 0
    stranger = next(p for p in parse_bundle(other.read_text()).proofs if b"YARD" in (p.extra or b""))
    proofs = sorted([*bundle.proofs, stranger], key=lambda proof: proof.index)
    kinds = {
        "about": tuple(proofs),
        "twice": (*bundle.proofs, bundle.proofs[-1]),
        "order": tuple(reversed(bundle.proofs)),
    }
    for name, some in kinds.items():
        text = write_bundle(type(bundle)(bundle.item, bundle.keys, some, bundle.values, bundle.checkpoint))
        path = tmp_path / f"{name}.html"
        path.write_text(write_page(text), encoding="utf-8")
        said = browser.open(path)
        assert said["words"] == "broken", name
        assert ("not about" if name == "about" else "twice or out of order") in said["verdict"]
        assert call(site, "verify", path) == 3


def test_a_script_that_was_changed_does_not_run(browser, site, page, tmp_path):
    path = tmp_path / "forged.html"
    path.write_text(page.replace('"BROKEN"', '"INTACT"'), encoding="utf-8")
    said = browser.open(path)
    assert said["words"] == "unchecked"
    assert not said["shown"]
    assert "trace verify FILE" in said["text"]
    assert call(site, "verify", path) == 3


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (
            "const real = SubtleCrypto.prototype.importKey; SubtleCrypto.prototype.importKey = function (...all) {"
            " if (all[2].name === 'Ed25519') return Promise.reject(new DOMException('no', 'NotSupportedError'));"
            " return real.apply(this, all); };",
            "does not know Ed25519",
        ),
        (
            "Object.defineProperty(crypto, 'subtle', { value: undefined });",
            "does not let this page compute hashes",
        ),
    ],
)
def test_a_browser_that_cannot_check_says_so_and_shows_nothing(browser, site, page, code, why, tmp_path):
    script = browser.call("Page.addScriptToEvaluateOnNewDocument", source=code)["identifier"]
    try:
        said = browser.open(site / "box.html")
        assert said["words"] == "unable"
        assert not said["shown"]
        assert why in said["verdict"]
        assert "trace verify FILE" in said["verdict"]
        evidence = read_evidence(page)
        at = regions(evidence)["event"][40]
        path = tmp_path / "changed.html"
        path.write_text(with_evidence(page, mutate(evidence, at, random.Random(1))), encoding="utf-8")
        assert browser.open(path)["words"] != "intact"
    finally:
        browser.call("Page.removeScriptToEvaluateOnNewDocument", identifier=script)


def test_withheld_values_stay_away(browser, site, page):
    path = site / "withheld.html"
    assert call(site, "passport", "BOX-1", "-o", path, "-C", site, "--withhold", "contact") == 0
    assert "Nora" not in base64.b64decode("".join(re.findall(r"values\n\S+ (\S+)", path.read_text()))).decode()
    said = browser.open(path)
    assert said["words"] == "intact"
    fields = browser.evaluate("document.getElementById('events').textContent")
    assert "Nora Nameless" not in fields
    assert "withheld or erased" in fields
    assert "<b>ripe</b>" in fields


def test_a_hybrid_site_says_that_the_second_signature_is_for_verify(browser, tmp_path):
    site = make_site(tmp_path, hybrid=True)
    path = site / "box.html"
    assert call(site, "passport", "BOX-1", "-o", path, "-C", site) == 0
    said = browser.open(path)
    assert said["words"] == "intact"
    assert "ML-DSA-44" in said["text"]
    assert call(site, "verify", path) == 0
    page = path.read_text(encoding="utf-8")
    evidence = read_evidence(page)
    second = [line for line in evidence.split("\n") if line.startswith("\u2014 ")][1]
    forged = second[:200] + ("A" if second[200] != "A" else "B") + second[201:]
    path.write_text(with_evidence(page, evidence.replace(second, forged)), encoding="utf-8")
    assert browser.open(path)["words"] == "broken"
    path.write_text(write_page(repair(evidence.replace(second, forged))), encoding="utf-8")
    assert call(site, "verify", path) == 3


def test_no_script_at_all_shows_no_verdict(page):
    """Without scripts a page is what stands in it: no event, no green, and what to run instead."""
    plain = unescape(re.sub(r"<(script|style|pre)\b.*?</\1>", "", page, flags=re.DOTALL))
    assert "INTACT" not in plain
    assert "DALLAS" not in plain
    assert "<noscript>" in plain
    assert "trace verify FILE" in plain
    assert 'class="unchecked"' in plain


def test_the_picture_fits_a_phone(browser, site, page, tmp_path):
    for width in (360, 1200):
        browser.screenshot(tmp_path / f"{width}.png", width, 800)
        browser.open(site / "box.html")
        assert browser.evaluate("document.documentElement.scrollWidth") <= width
        assert (tmp_path / f"{width}.png").stat().st_size > 5_000


def test_the_qr_code_is_that_of_another_maker(browser, site, page, monkeypatch):
    segno = pytest.importorskip("segno")

    # It pads a stream that ends at a codeword by a whole codeword of zeros; section 7.4.10 asks for none there.
    def pad(buffer, version, length):
        buffer.extend([0] * (-length % 8))

    monkeypatch.setattr("segno.encoder.write_padding_bits", pad)
    browser.open(site / "box.html")
    texts = ["A", ITEM, "https://id.gs1.org/01/09521321123458/10/" + "X" * 20, "é/ü" * 60, "z" * 400]
    for text in texts:
        drawn = browser.evaluate(f"qrMatrix({json.dumps(text)}).map((row) => row.map(Number))")
        sheets = [
            [
                list(row)
                for row in segno.make_qr(
                    text, error="m", mode="byte", boost_error=False, mask=mask, encoding="utf-8", eci=False
                ).matrix
            ]
            for mask in range(8)
        ]
        assert drawn in sheets, text
    assert browser.evaluate("qrMatrix('x'.repeat(5000))") is None


def test_identifiers_have_the_same_one_spelling_as_in_the_program(browser, site, page):
    browser.open(site / "box.html")
    uris = [
        ITEM,
        PALLET,
        "https://acme.example/lot/A:1",
        "urn:uuid:5f0d",
        "https://acme.example/",
        "https://a.example/x/y",
        "urn:epc:id:sgtin:4012345.011122.25",
        "urn:epc:id:sgtin:4012345.011122.a%2Fb%22",
        "urn:epc:id:sscc:4012345.1111111111",
        "urn:epc:class:lgtin:4012345.012345.Lot1",
        "urn:epc:idpat:sgtin:4012345.011122.*",
        "urn:epc:id:sgln:4012345.11111.0",
        "urn:epc:id:sgln:4012345.11111.400",
        "urn:epc:id:pgln:4012345.11111",
        "urn:epc:id:grai:4012345.11111.12345",
        "urn:epc:id:giai:4012345.Asset%2F1",
        "urn:epc:id:gdti:4012345.11111.9",
        "urn:epc:id:gsrn:4012345.1111111111",
        "urn:epc:id:sgcn:4012345.11111.77",
        "urn:epc:id:sgtin:40123.1.1",
        "urn:epc:class:sgtin:4012345.011122.25",
        "urn:epc:id:lgtin:4012345.011122.25",
        "https://example.de/gtin/4012345123456/cpv/344/ser/ABC524?x=1",
        "https://id.gs1.org/01/09521321123458/10/A%2FB",
        "HTTPS://ID.GS1.ORG/01/9521321123458/10/a+b:c",
        "https://x.example/p/01/09521321123458/22/V/10/L/21/S",
        "https://x.example/01/09521321123458/10/L/10/M",
        "https://x.example/01/12/10/L",
        "https://x.example/00/106141412345678908",
        "https://x.example/8004/95211234/7040/1ABC",
        "https://x.example/414/9521321000015/254/12",
        "https://x.example/01/09521321123458/10/%E9",
        "urn:epc:id:sgtin:%.%.%",
    ]
    from ledger.custody.gs1.canonical import canonical_uri

    drawn = browser.evaluate(f"{json.dumps(uris)}.map(canonicalUri)")
    assert drawn == [canonical_uri(uri) for uri in uris]


def random_events(chance: random.Random) -> list[dict[str, Any]]:
    """Things, lots and nested containers: packed, unpacked, moved, withdrawn, in any order."""
    things = ["https://acme.example/obj/A", "https://acme.example/obj/B", "https://acme.example/lot/L:1"]
    boxes = [f"https://acme.example/obj/BOX-{number}" for number in range(3)]
    found: list[dict[str, Any]] = []
    for number in range(chance.randrange(3, 12)):
        hour = chance.randrange(1, 12)
        kind = chance.choice(["ObjectEvent", "AggregationEvent", "AggregationEvent", "TransformationEvent"])
        some = [{"epcClass": things[2], "quantity": chance.randrange(1, 9)}] if chance.random() < 0.4 else []
        one = [chance.choice(things[:2] + boxes)] if not some or chance.random() < 0.5 else []
        more: dict[str, Any]
        if kind == "ObjectEvent":
            more = {"action": "OBSERVE", "epcList": one, "quantityList": some}
        elif kind == "TransformationEvent":
            more = {"inputEPCList": one, "outputQuantityList": some}
        else:
            action = chance.choice(["ADD", "ADD", "DELETE", "OBSERVE"])
            parent = chance.choice([box for box in boxes if box not in one])
            emptied = action == "DELETE" and chance.random() < 0.4
            inside = {} if emptied else {"childEPCs": one, "childQuantityList": some}
            more = {"action": action, "parentID": parent, **inside}
        event = body(kind, "storing", f"P-{number}", hour, **more)
        event["eventID"] = f"urn:uuid:00000000-0000-4000-8000-{number:012}"
        found.append(event)
        if chance.random() < 0.15:
            found.append({**event, "errorDeclaration": {"declarationTime": event["eventTime"]}})
    chance.shuffle(found)
    return found


def test_the_page_walks_as_the_program_does(browser, site, page):
    from ledger.chain import canonical
    from ledger.chain.entry import Entry
    from ledger.custody.index.rebuild import row_of
    from ledger.custody.item_history import history_of

    class Nothing:
        def attachment(self, digest: bytes) -> None:
            return None

    cases, expected = [], []
    for seed in range(300):
        chance = random.Random(seed)
        entries = [
            Entry(seq, bytes(32), one, "x", "event", "2026-03-01T00:00:00.000Z", "scanned")
            for seq, one in enumerate(random_events(chance))
        ]
        item = chance.choice(["https://acme.example/obj/A", "https://acme.example/lot/L:1"])
        things = {entry.seq: set(row.things) for entry in entries if (row := row_of(entry)) is not None}

        def naming(uri: str, entries: list[Entry] = entries, things: dict[int, set[str]] = things) -> list[Entry]:
            return [entry for entry in entries if uri in things[entry.seq]]

        found = history_of(item, naming, Nothing())
        expected.append([[line.event.seq, line.parent, line.corrected] for line in found.lines])
        texts = [canonical.encode({"body": entry.body, "kind": "event"}).decode() for entry in entries]
        cases.append([item, texts])
    code = """%s.map(([item, texts]) => historyOf(item, texts.map((text, seq) => readEvent(
        { seq, entry: readJson(text), kind: "event", commitments: [] }, new Map())))
        .map((line) => [line.event.seq, line.parent, line.withdrawn]))"""
    browser.open(site / "box.html")
    drawn = browser.evaluate(code % json.dumps(cases))
    wrong = [seed for seed in range(300) if drawn[seed] != expected[seed]]
    assert wrong == []
    assert sum(any(parent for _, parent, _ in lines) for lines in expected) > 30


def test_a_page_of_another_version_is_not_vouched_for(site, page, tmp_path, capsys):
    path = tmp_path / "older.html"
    path.write_text(re.sub('content="trace [^"]+"', 'content="trace 9.9.9"', page), encoding="utf-8")
    assert call(site, "verify", path, "--json") == 3
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert answer["verdict"] == "untrusted"
    assert [finding["check"] for finding in answer["findings"]] == ["page"]


def test_names_of_master_data_and_disputes_are_shown(browser, tmp_path):
    site = make_site(tmp_path)
    assert (
        call(site, "place", "add", "DALLAS", "--name", "Dallas <i>hub</i>", "--contact", "Ann 555", "-C", site)
        == 0
    )
    wrong = body("ObjectEvent", "retail_selling", "STORE", 12, action="OBSERVE", epcList=[])
    wrong["errorDeclaration"] = {"declarationTime": "2026-03-03T00:00:00Z", "reason": "did_not_occur"}
    document = {
        "@context": [],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-03T00:00:00Z",
    }
    (site / "wrong.jsonld").write_text(
        json.dumps({**document, "epcisBody": {"eventList": [wrong]}}), encoding="utf-8"
    )
    assert call(site, "import", site / "wrong.jsonld", "-C", site) == 0
    assert call(site, "passport", "BOX-1", "-o", site / "box.html", "-C", site) == 0
    said = browser.open(site / "box.html")
    assert said["words"] == "intact"
    assert f"{EVENTS} events" in said["verdict"]
    assert "DALLAS [Dallas <i>hub</i>]" in said["text"]
    assert "Ann 555" not in said["text"]
    assert "disputed by entry 11, which came from a file" in said["text"]
    assert "withdrawn by a later event" not in said["text"]
    assert browser.evaluate("document.querySelectorAll('i').length") == 0
    assert call(site, "verify", site / "box.html", "-C", site) == 0
