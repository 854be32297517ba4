# SPDX-License-Identifier: Apache-2.0
"""Rooms of human size: aim at 250 lines, think again at 400, stop at 600."""

THINK_AGAIN = 400
STOP = 600

# Files beyond THINK_AGAIN, each with the reason why it is still one room.
LONG: dict[str, str] = {}


def find_faults(sizes: dict[str, int], long: dict[str, str]) -> list[str]:
    """Says what is too long, and what is called long but is not."""
    faults = [
        f"{name} has {size} lines: "
        + (f"more than {STOP}, split it" if size > STOP else "split it, or give the reason in LONG")
        for name, size in sizes.items()
        if size > (STOP if name in long else THINK_AGAIN)
    ]
    faults += [f"{name} is named in LONG without need" for name in long if sizes.get(name, 0) <= THINK_AGAIN]
    return faults


def test_sizes(root, product_files):
    sizes = {
        path.relative_to(root).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in product_files(".py")
    }
    assert find_faults(sizes, LONG) == []


def test_every_exception_has_a_reason():
    assert [name for name, reason in LONG.items() if len(reason.split()) < 4] == []


def test_faults_are_found():
    sizes = {"a.py": 400, "b.py": 401, "c.py": 600, "d.py": 601, "e.py": 10}
    assert find_faults(sizes, dict.fromkeys("cde", "because")) != []
    faults = find_faults(sizes, {"c.py": "one table", "d.py": "one table", "e.py": "once"})
    assert [fault.split()[0] for fault in faults] == ["b.py", "d.py", "e.py"]
