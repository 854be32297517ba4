# SPDX-License-Identifier: Apache-2.0
"""How fast is directly-follows performance, and in how much memory? Against PM4Py, which is no dependency.

``python -m benchmarks.directly_follows DATA [COPIES] [PYTHON]``: PYTHON is an interpreter that has pm4py; without
it only ours is measured. Each runs in a process of its own, in turn, three times; the median is told. Imports and
reading are not timed. Memory is the peak beyond what the process held with its imports and the log, and the peak
of the whole process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

ROUNDS = 3
_LOAD = """
import gc, json, sys, time
from pathlib import Path
def held(what):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(what))
log = pd.read_parquet(sys.argv[1])
gc.collect()
Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
before = held("VmRSS")
begun = time.perf_counter(), time.process_time()
"""
_TELL = """
spent = time.perf_counter() - begun[0], time.process_time() - begun[1]
print(json.dumps({"seconds": spent[0], "cpu": spent[1], "edges": edges, "beyond": held("VmHWM") - before,
                  "peak": held("VmHWM")}))
"""
_OURS = f"""
import pandas as pd
from forecasting.flow.directly_follows import directly_follows
{_LOAD}
edges = len(directly_follows(log.rename(columns={{"case_id": "item", "activity": "step"}})))
{_TELL}"""
_PM4PY = f"""
import pandas as pd, pm4py
{_LOAD}
log = pm4py.format_dataframe(log, case_id="case_id", activity_key="activity", timestamp_key="event_time")
edges = len(pm4py.discover_performance_dfg(log)[0])
{_TELL}"""


def main(arguments: list[str]) -> int:
    """Measure and print."""
    import pandas as pd

    path = Path(arguments[0]) / "bpic2019_events.csv.gz" if arguments else None
    if path is None or not path.is_file():
        print("skipped: no event log (give the folder that holds bpic2019_events.csv.gz)")
        return 0
    copies = int(arguments[1]) if len(arguments) > 1 else 8
    log = pd.read_csv(path, parse_dates=["event_time"])[["case_id", "activity", "event_time", "seq"]]
    log["event_time"] = log.event_time.dt.tz_localize(None).astype("datetime64[us]")
    log = pd.concat([log.assign(case_id=log.case_id + f"_{copy}") for copy in range(copies)], ignore_index=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.parquet"
        log.to_parquet(path)
        runs = [("ours", sys.executable, _OURS)]
        if len(arguments) > 2:
            runs.append(("pm4py", arguments[2], _PM4PY))
        told: dict[str, list[dict[str, float]]] = {name: [] for name, _, _ in runs}
        for _ in range(ROUNDS):
            for name, python, code in runs:
                done = subprocess.run([python, "-c", code, str(path)], capture_output=True, text=True, check=False)
                if done.returncode:
                    print(name, "failed:", done.stderr[-400:])
                    return 1
                told[name].append(json.loads(done.stdout.splitlines()[-1]))
    for name, rounds in told.items():
        middle = {key: median(one[key] for one in rounds) for key in rounds[0]}
        rates = f"{len(log) / middle['seconds']:,.0f} events/s ({len(log) / middle['cpu']:,.0f} by CPU)"
        memory = f"{middle['beyond']:.0f} MB beyond the log, {middle['peak']:.0f} MB in all"
        print(f"{name}: {len(log):,} events, {middle['edges']:.0f} edges, {rates}, {memory}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
