# SPDX-License-Identifier: Apache-2.0
"""The bar of counted work: on a terminal only, only where it lasts, and gone afterwards."""

import io

import pytest

from trace_cli import progress


class Stream(io.StringIO):
    encoding = "utf-8"

    def __init__(self, terminal):
        super().__init__()
        self.terminal = terminal

    def isatty(self):
        return self.terminal


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def work(clock, seconds, *, quiet=False):
    with progress.Progress("fitting", quiet=quiet) as told:
        for done in range(1, 11):
            clock[0] += seconds
            told.bar(done * 256, 2560)


def test_a_terminal_sees_how_much_is_done_and_how_long_it_lasts(clock, monkeypatch):
    stream = Stream(True)
    monkeypatch.setattr(progress.sys, "stderr", stream)
    work(clock, 1.0)
    drawn = stream.getvalue()
    assert "50 %  1,280 of 2,560" in drawn
    assert "━━━" in drawn
    assert " left" in drawn
    assert drawn.endswith("\r\x1b[K")


@pytest.mark.parametrize(
    ("terminal", "seconds", "quiet"), [(False, 1.0, False), (True, 0.01, False), (True, 1.0, True)]
)
def test_nothing_is_drawn_into_a_pipe_nor_where_it_is_quick(clock, monkeypatch, terminal, seconds, quiet):
    stream = Stream(terminal)
    monkeypatch.setattr(progress.sys, "stderr", stream)
    work(clock, seconds, quiet=quiet)
    assert stream.getvalue() == ""
