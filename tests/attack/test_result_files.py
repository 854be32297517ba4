# SPDX-License-Identifier: Apache-2.0
"""Where results are written: nobody leads a write elsewhere, stops it, or has it destroy ledger or key."""

import os

import pytest

from trace_cli.errors import CommandError
from trace_cli.formats.answer import write_file
from trace_cli.formats.workbook import write_workbook

ITEM = "BOX-01"
LASTING = {
    "back": ("back", ITEM),
    "prove": ("prove", ITEM),
    "passport": ("passport", ITEM),
    "checkpoint": ("checkpoint",),
    "export": ("export", "epcis"),
}


def write_sheet(path, text):
    del text
    write_workbook(path, [])


def write_rows(path, text):
    pytest.importorskip("pyarrow")
    from forecasting.tables.parquet_file import write_parquet

    write_parquet(path, ("text",), [(text,)], {})


WRITERS = {"text": write_file, "workbook": write_sheet, "parquet": write_rows}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("trap", ["link", "fifo"])
def test_what_lies_under_the_name_of_the_half_written_file_is_never_opened(tmp_path, writer, trap):
    victim, fresh, path = tmp_path / "victim", tmp_path / ".out.new", tmp_path / "out"
    victim.write_text("mine")
    if trap == "link":
        fresh.symlink_to(victim)
    else:
        os.mkfifo(fresh)
    WRITERS[writer](path, "told")
    assert victim.read_text() == "mine"
    assert path.is_file()
    assert not path.is_symlink()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["out", "victim"]


def test_a_link_is_replaced_and_not_followed(tmp_path):
    victim, path = tmp_path / "victim", tmp_path / "out"
    victim.write_text("mine")
    path.symlink_to(victim)
    write_file(path, "told")
    assert (victim.read_text(), path.read_text(), path.is_symlink()) == ("mine", "told", False)


@pytest.mark.parametrize("kind", ["fifo", "device", "directory"])
def test_what_is_no_plain_file_stays(tmp_path, kind):
    path = tmp_path / "out"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/null")
    else:
        path.mkdir()
    before = path.lstat().st_mode
    with pytest.raises(CommandError, match="cannot be written"):
        write_file(path, "told")
    assert path.lstat().st_mode == before


@pytest.mark.parametrize("command", LASTING)
def test_no_result_replaces_a_ledger(site, trace, command):
    before = site.path.read_bytes()[:4096]
    ran = trace(*LASTING[command], "-o", "ledger.db")
    assert (ran.code, "it is a ledger" in ran.err) == (1, True)
    assert site.path.read_bytes()[:4096] == before


def test_no_result_replaces_a_key(site, trace):
    key = site.folder / "home/keys/acme.example/dc1.key"
    before = key.read_bytes()
    ran = trace("prove", ITEM, "-o", key)
    assert (ran.code, "it is a key" in ran.err) == (1, True)
    assert key.read_bytes() == before
