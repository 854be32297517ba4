# SPDX-License-Identifier: Apache-2.0
"""A command is built alone when it is run (ADR 0003), so the table of commands must say which module has which."""

import importlib
import pkgutil

import pytest
import typer

import trace_cli.commands
from trace_cli.app import COMMANDS, make_app
from trace_cli.overview import SECTIONS, overview


def names_of(app):
    return list(typer.main.get_command(app).commands)


def test_every_module_is_in_the_table():
    assert {module.name for module in pkgutil.iter_modules(trace_cli.commands.__path__)} == set(COMMANDS)


@pytest.mark.parametrize("module", COMMANDS)
def test_a_module_brings_what_the_table_says(module):
    app = typer.Typer()
    app.callback()(lambda: None)
    importlib.import_module(f"trace_cli.commands.{module}").register(app)
    assert names_of(app) == list(COMMANDS[module])


@pytest.mark.parametrize("name", [name for names in COMMANDS.values() for name in names])
def test_a_command_that_is_run_is_there_alone_with_its_siblings(name):
    assert names_of(make_app(name)) == next(list(names) for names in COMMANDS.values() if name in names)


@pytest.mark.parametrize("name", [None, "", "scam", "--help", "--version"])
def test_everything_is_there_for_help_and_for_guesses(name):
    everything = sorted(name for names in COMMANDS.values() for name in names)
    assert sorted(names_of(make_app(name))) == everything


def test_the_overview_has_every_command_once_and_fits_a_terminal():
    listed = [name for section in SECTIONS.values() for name in section]
    assert sorted(listed) == sorted(name for names in COMMANDS.values() for name in names)
    assert all(len(line) < 80 for line in overview().splitlines())
