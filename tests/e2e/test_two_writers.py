# SPDX-License-Identifier: Apache-2.0
"""Two processes append to one ledger at once: one chain, and nothing is lost."""

import subprocess
import sys

LOOP = """
import sys
from trace_cli.main import run
mark, count = sys.argv[1], int(sys.argv[2])
for number in range(count):
    try:
        run(["scan", f"{mark}-{number}", "--step", "holding"])
    except SystemExit as left:
        if left.code:
            raise
"""


def test_two_loops_at_once(site):
    count = 50
    running = [
        subprocess.Popen(
            [sys.executable, "-c", LOOP, mark, str(count)], cwd=site.folder, env=site.env, stdout=subprocess.PIPE
        )
        for mark in ("LEFT", "RIGHT")
    ]
    acknowledged = [process.communicate()[0].decode().splitlines() for process in running]
    assert [process.returncode for process in running] == [0, 0]
    verdict = site.good("verify", "--json").answer
    assert (verdict["verdict"], verdict["size"]) == ("ok", 1 + 2 * count)
    entries = site.good("log", "-n", "1000", "--json").answer["entries"][1:]
    for mark, lines in zip(("LEFT", "RIGHT"), acknowledged, strict=True):
        own = [entry for entry in entries if mark in entry["summary"]]
        assert [entry["summary"] for entry in own] == [f"holding: {mark}-{number}" for number in range(count)]
        assert [f"entry {entry['seq']}" in line for entry, line in zip(own, lines, strict=True)] == [True] * count


def test_two_imports_of_one_file_at_once(site, table):
    site.write("rows.csv", table(4000))
    running = [site.start("import", "rows.csv", "--json", stdout=subprocess.PIPE) for _ in range(2)]
    answers = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert b'"recorded"' in answers[0]
    assert site.good("verify", "--json").answer["size"] == 4001
