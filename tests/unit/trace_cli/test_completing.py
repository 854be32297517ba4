# SPDX-License-Identifier: Apache-2.0
"""What a shell is offered at the TAB key: codes of this ledger wherever a thing is named."""

import pytest
import typer

from trace_cli.app import make_app
from trace_cli.completion import find_codes

THINGS = {"item", "items", "lot", "lots", "things", "container", "codes", "recalled"}


def parameters():
    def walk(command, words=()):
        for name, below in getattr(command, "commands", {}).items():
            yield from walk(below, (*words, name))
        for one in command.params:
            yield words, one

    return list(walk(typer.main.get_command(make_app())))


def test_every_argument_that_names_things_is_completed():
    elsewhere = {("scanner", "parse")}  # what a scanner sends, known or not
    bare = [
        (words, one.name)
        for words, one in parameters()
        if one.param_type_name == "argument" and one.name in THINGS and words not in elsewhere
        if one._custom_shell_complete is None
    ]
    assert bare == []


@pytest.mark.parametrize(
    ("rooms", "start", "wanted"),
    [
        (("obj",), "BASKET-020", "BASKET-0205"),
        (("lot",), "99521234009019:Y2602", "99521234009019:Y26029-ROM"),
        (("lot",), "9521234000037:P2603", "09521234000037:P26030-MIX"),
        (("loc",), "DC-D", "DC-DALLAS"),
    ],
)
def test_codes_of_the_ledger(sample, rooms, start, wanted):
    assert wanted in find_codes(rooms, start, {})


def test_nothing_is_offered_where_nothing_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_codes(("obj",), "B", {}) == []
