# SPDX-License-Identifier: Apache-2.0
"""The examples of docs/epcis.md run as they stand there."""

import re
import shlex
from pathlib import Path

PAGE = Path(__file__).resolve().parents[3] / "docs" / "epcis.md"


def test_the_examples_run(trace, ledger_of):
    text = PAGE.read_text(encoding="utf-8")
    folder = ledger_of()
    (document,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    (folder / "shipment.jsonld").write_text(document, encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("trace ")]
    assert len(lines) >= 10
    for line in lines:
        ran = trace(*shlex.split(line)[1:])
        assert ran.code == 0, (line, ran.err)
    refused = re.search(r"^REFUSED  (.*)$", text, re.MULTILINE)[1]
    (folder / "shipment.jsonld").write_text(document.replace('"shipping"', '"sending"'), encoding="utf-8")
    ran = trace("import", "shipment.jsonld")
    assert ran.code == 5
    assert refused in ran.err
