# SPDX-License-Identifier: Apache-2.0
"""What is asked about the program: every help has examples that parse, every slip gets a line to paste."""

import shlex

import pytest
import typer

from trace_cli.app import COMMANDS, make_app
from trace_cli.exit_codes import MEANING
from trace_cli.help_pages import _MEANT, EXIT_CODES, examples_of, finish_help
from trace_cli.overview import overview

NAMES = [name for names in COMMANDS.values() for name in names]


def walk(command, words=()):
    for name, below in getattr(command, "commands", {}).items():
        yield from walk(below, (*words, name))
    if words:
        yield pytest.param(words, command, id="-".join(words))


def finished():
    root = typer.main.get_command(make_app())
    finish_help(root)
    return root


ALL = list(walk(finished()))


@pytest.mark.parametrize(("words", "command"), ALL)
def test_every_help_has_examples_of_itself_that_the_parser_takes(words, command):
    examples = examples_of(command)
    assert examples
    own = [one for one in examples if f"trace {' '.join(words)}" in one]
    assert own, examples
    for example in own:
        typed = shlex.split(example, comments=True)
        at = typed.index("trace") + 1 + len(words)
        rest = typed[at : typed.index("|", at) if "|" in typed[at:] else None]
        if getattr(command, "commands", None):
            assert rest[0] in command.commands
            continue
        command.make_context("trace", rest)  # raises where an option or an argument is unknown or missing


@pytest.mark.parametrize(("words", "command"), ALL)
def test_every_help_ends_with_the_exit_codes(words, command):
    del words
    assert command.epilog == EXIT_CODES or "Exit codes:" in command.help


def test_the_exit_codes_are_told_in_full():
    for text in (EXIT_CODES, " ".join(overview().split())):
        assert all(f"{int(code)} " in text for code in MEANING)


@pytest.mark.parametrize("words", [("help",), ("help", "recall"), ("help", "export", "fsma"), ("--help",)])
def test_help_in_any_spelling(trace, words):
    ran = trace(*words)
    assert (ran.code, "Usage: trace" in ran.out) == (0, True)
    nothing = trace()
    assert (nothing.code, nothing.err, nothing.out) == (2, trace("--help").out, "")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("recal P:A -o 'my list.csv'", "recall"), ("verfy", "verify"), ("SCAN X", "scan"), ("block P:A", "hold")],
)
def test_a_misspelt_command_comes_back_as_a_line_to_paste(trace, typed, meant):
    words = shlex.split(typed)
    ran = trace(*words)
    assert ran.code == 2
    pasted = ran.err.partition("mend: ")[2].strip()
    assert shlex.split(pasted) == ["trace", meant, *words[1:]]
    told = trace(*words, "--json").answer["error"]
    assert (told["code"], told["remedy"].split()[1]) == (2, meant)


def test_what_is_meant_by_another_word_is_there():
    assert {one for one in _MEANT.values() if not one.startswith("-")} <= set(NAMES)
    assert not set(_MEANT) & set(NAMES)


def test_what_is_like_nothing_gets_the_overview(trace):
    assert "mend: trace --help" in trace("xyzzy").err


def test_a_missing_argument_gets_an_example(trace):
    ran = trace("recall")
    assert (ran.code, "trace recall --help; for example: trace recall " in ran.err) == (2, True)


def test_short_words_of_a_list_are_not_cut_within_a_clause():
    for one in (one.values[1] for one in ALL):
        for child in getattr(one, "commands", {}).values():
            assert "..." not in child.short_help
            assert len(child.short_help) <= 100


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (("commission", "Z:1=12,5kg", "--place", "X"), "write 12.5"),
        (("commission", "Z:1=1,250kg", "--place", "X"), "write 1.250, or 1250"),
        (("commission", "Z:1=3kilo", "--place", "X"), "write kg, g"),
        (("receive", "Z", "--place", "X", "--at", "31.1.2026 08:15"), "2026-01-31T08:15"),
        (("query", "EQ_bizStep=shipingg"), "did you mean shipping"),
    ],
)
def test_other_ways_to_write_things_are_answered_with_ours(trace, ledger_of, typed, told):
    ledger_of("time,step,item,place\n2026-03-01T08:00:00Z,receiving,BOX-1,DOCK-3\n")
    assert told in trace(*typed).err
