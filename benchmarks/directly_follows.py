# SPDX-License-Identifier: Apache-2.0
"""How fast is directly-follows performance? Against PM4Py, run by its own interpreter: it is no dependency.

``python -m benchmarks.directly_follows DATA [COPIES] [PYTHON]``: PYTHON is an interpreter that has pm4py; without
it only ours is measured. Each runs in a process of its own, one after the other.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

_LOAD = """
import json, resource, sys, time
import pandas as pd
log = pd.read_pickle(sys.argv[1])
begun = time.perf_counter()
"""
_TELL = """
print(json.dumps({"seconds": time.perf_counter() - begun, "edges": edges,
                  "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""
_OURS = f"""{_LOAD}
from forecasting.flow.directly_follows import directly_follows
edges = len(directly_follows(log.rename(columns={{"case_id": "item", "activity": "step"}})))
{_TELL}"""
_PM4PY = f"""{_LOAD}
import pm4py
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
    for name in ("case_id", "activity"):
        log[name] = log[name].astype(object)
    with tempfile.TemporaryDirectory() as folder:
        pickle = Path(folder) / "log.pickle"
        log.to_pickle(pickle)
        runs = [("ours", sys.executable, _OURS)]
        if len(arguments) > 2:
            runs.append(("pm4py", arguments[2], _PM4PY))
        for name, python, code in runs:
            done = subprocess.run([python, "-c", code, str(pickle)], capture_output=True, text=True, check=False)
            if done.returncode:
                print(name, "failed:", done.stderr[-400:])
                continue
            told = json.loads(done.stdout.splitlines()[-1])
            rate = len(log) / told["seconds"]
            print(f"{name}: {len(log):,} events, {told['edges']} edges, {rate:,.0f} events/s, {told['mb']:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
