# SPDX-License-Identifier: Apache-2.0
"""A decision as others get it: signed, or as a model card."""

import json

import pytest

from ledger.chain.dsse import open_envelope
from ledger.chain.keys import load_key
from trace_cli.context import find_site


@pytest.fixture
def decided(trace, sample) -> int:
    return trace("forecast", "--model", "naive", "--json").answer["decision_seq"]


def test_the_statement_is_signed_and_says_what_the_entry_says(trace, sample, decided):
    ran = trace("decision", "export", decided, "--dsse", "-o", "out.json", "--json")
    assert (ran.code, ran.answer["schema"]) == (0, "trace.decision-export/1")
    site = find_site(None)
    opened = open_envelope((sample / "out.json").read_text(), load_key(site.home, site.origin).verifiers)
    assert opened.payload_type == "application/vnd.in-toto+json"
    said = json.loads(opened.payload)
    body = trace("decision", "show", decided, "--json").answer["body"]
    assert said["_type"] == "https://in-toto.io/Statement/v1"
    assert said["subject"] == [
        {"name": "forecast", "digest": {"sha256": body["output_digest"].removeprefix("sha256:")}}
    ]
    assert said["predicate"]["decision"] == body
    assert said["predicate"]["entry"]["seq"] == decided
    assert said["predicate"]["head"]["size"] == decided + 1


def test_the_model_card_names_model_data_figures_and_limits(trace, sample, decided):
    assert trace("decision", "export", decided, "--model-card", "-o", "card.md").code == 0
    card = (sample / "card.md").read_text(encoding="utf-8")
    body = trace("decision", "show", decided, "--json").answer["body"]
    for heading in ("## Model", "## Data", "## Figures", "## Limits", "## How to check it"):
        assert heading in card
    for told in (body["data_digest"], body["output_digest"], body["engine_digest"], body["checkpoint"]["root"]):
        assert told in card
    rows = [line for line in card.splitlines() if line.startswith("| ")]
    assert all(line.endswith(" |") for line in rows)


def test_what_was_recorded_is_no_markup(trace, sample, decided):
    body = trace("decision", "show", decided, "--json").answer["body"]
    evil = {**body, "model": "<script>x</script>|`[a](javascript:b)\n# big"}
    with find_site(None).recording() as recorder:
        seq = recorder.record_other("decision", evil, by="<b>", via="typed").first
    assert trace("decision", "export", seq, "--model-card", "-o", "card.md").code == 0
    card = (sample / "card.md").read_text(encoding="utf-8")
    assert "<script" not in card
    assert "<b>" not in card
    assert "[a](" not in card
    assert "\n# big" not in card


@pytest.mark.parametrize("flags", [(), ("--dsse", "--model-card")])
def test_one_form_is_asked_for(trace, sample, flags):
    assert trace("decision", "export", 1, *flags, "-o", "x").code == 2


def test_without_a_key_nothing_is_signed(trace, sample, decided):
    for path in (sample / "home" / "keys").rglob("*.key"):
        path.unlink()
    ran = trace("decision", "export", decided, "--dsse", "-o", "out.json")
    assert ran.code == 7
    assert not (sample / "out.json").exists()
    assert trace("decision", "export", decided, "--model-card", "-o", "card.md").code == 0
