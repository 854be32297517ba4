# SPDX-License-Identifier: Apache-2.0
"""What a sender declares is read at the dock, while somebody waits: it has an end."""

import gzip

import pytest

from trace_cli.dock.packing_list import MOST_BYTES, MOST_THINGS

SSCC = "952132112345678902"
HEAD = (
    '<?xml version="1.0"?><epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2" schemaVersion="2.0" '
    'creationDate="2026-03-01T00:00:00Z"><EPCISBody><EventList>'
)
EVENT = (
    "<ObjectEvent><eventTime>2026-03-01T00:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>"
    "<epcList>{}</epcList><action>OBSERVE</action><bizStep>shipping</bizStep></ObjectEvent>"
)
TAIL = "</EventList></EPCISBody></epcis:EPCISDocument>"


def epcs(count):
    return "".join(f"<epc>urn:epc:id:sgtin:9521321.012345.{number}</epc>" for number in range(count))


def lists():
    lines = "".join(f"I{number}\n" for number in range(MOST_THINGS + 10))
    yield "lines.csv", f"item\n{lines}".encode()
    yield "codes.json", b"[" + b'"A",' * (MOST_THINGS + 10) + b'"A"]'
    yield "large.csv", b"item\n" + b"X" * MOST_BYTES
    few = EVENT.format(epcs(2_000))
    yield "events.xml", (HEAD + few * (MOST_THINGS // 2_000 + 1) + TAIL).encode()
    yield "events.xml.gz", gzip.compress((HEAD + few * (MOST_THINGS // 2_000 + 1) + TAIL).encode())


@pytest.mark.parametrize("name", ["lines.csv", "codes.json", "large.csv", "events.xml", "events.xml.gz"])
def test_a_list_without_end_is_refused(site, trace, name):
    (site.folder / name).write_bytes(dict(lists())[name])
    before = site.digest
    ran = trace("receive", SSCC, "--place", "D1", "--expect", name, "--no-input")
    assert ran.code == 5
    assert "at most" in ran.err
    assert site.digest == before


def test_a_long_list_is_read(site, trace):
    lines = "".join(f"I{number}\n" for number in range(3_000))
    (site.folder / "lines.csv").write_text(f"item\n{lines}", encoding="utf-8")
    assert trace("receive", "I7", "--place", "D1", "--expect", "lines.csv", "--no-input", "--dry-run").code == 0
