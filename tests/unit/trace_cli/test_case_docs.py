# SPDX-License-Identifier: Apache-2.0
"""The commands of docs/anomalies.md on cases and watching, run as they stand there."""

import re
import shlex
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs" / "anomalies.md"


def blocks(title):
    section = DOCS.read_text(encoding="utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return [line for block in re.findall(r"```\n(.*?)```", section, re.DOTALL) for line in block.splitlines()]


def test_a_case_is_followed_as_the_page_says(trace, sample):
    number = None
    lines = blocks("Cases")
    assert len(lines) == 5
    for line in lines:
        words = ["" + number if word == "CASE" else word for word in shlex.split(line)[1:]]
        ran = trace(*words)
        assert ran.code == 0, (line, ran.err)
        number = number or re.match(r"CASE (\d+)", ran.out)[1]
    assert "BASKET-0205" in (sample / "case.html").read_text(encoding="utf-8")


def test_watching_as_the_page_says(trace, sample):
    lines = blocks("Watching")
    assert len(lines) == 2
    for line in lines:
        ran = trace(*shlex.split(line)[1:])
        assert ran.code == 0, (line, ran.err)
    assert (sample / "watch.json").is_file()
