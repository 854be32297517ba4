# SPDX-License-Identifier: Apache-2.0
"""Clocks and ratios. What is compared runs in turn, so that a busy neighbour slows both sides."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table. `ratio` is ours to the limit; `budget` None is told only.

    `at_least`: the ratio is one of rates, and must not be smaller than the budget.
    """

    question: str
    ours: str
    limit: str
    ratio: float
    budget: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        """Tell whether the budget is met; None: there is none."""
        if self.budget is None:
            return None
        return self.ratio >= self.budget if self.at_least else self.ratio <= self.budget

    @property
    def budget_text(self) -> str:
        """Write the budget."""
        return "-" if self.budget is None else f"{'>=' if self.at_least else '<='} {self.budget:.2f}"


@dataclass(frozen=True, slots=True)
class Spent:
    """What one run took: seconds of CPU (user and system) and of the wall clock."""

    cpu: float
    wall: float


def spend(work: Callable[[], object]) -> Spent:
    """Run something in this process and say what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Spent(time.process_time() - cpu, time.perf_counter() - wall)


def in_turn(rounds: int, *works: Callable[[], object]) -> list[list[Spent]]:
    """Run each work once a round; give, for each work, what its rounds took."""
    spent: list[list[Spent]] = [[] for _ in works]
    for _ in range(rounds):
        for taken, work in zip(spent, works, strict=True):
            taken.append(spend(work))
    return spent


def best_cpu(spent: Sequence[Spent]) -> float:
    """Give the least CPU time of several rounds."""
    return min(one.cpu for one in spent)


def median_of(values: Sequence[float]) -> float:
    """Give the middle value."""
    return median(values)


def run_child(command: Sequence[str | Path], environ: Mapping[str, str], folder: Path) -> float:
    """Run a process to its end and give the CPU time that the kernel counted [s].

    Raises:
        RuntimeError: It failed.
    """
    process = subprocess.Popen(
        list(map(str, command)), env=dict(environ), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    said = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {process.returncode}: {said}")
    return usage.ru_utime + usage.ru_stime


def peak_memory(command: Sequence[str | Path], environ: Mapping[str, str], folder: Path) -> float:
    """Run a process to its end and give its greatest resident set [MB].

    A small process in between starts it, because a process begins with the peak of the one that forked it.
    """
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    between = [sys.executable, "-I", "-S", "-c", code, *map(str, command)]
    said = subprocess.run(between, env=dict(environ), cwd=folder, check=True, capture_output=True, text=True)
    return int(said.stdout) * 1024 / 1e6


def ms(seconds: float) -> str:
    """Write a duration."""
    return f"{seconds * 1000:.2f} ms" if seconds < 1 else f"{seconds:.2f} s"
