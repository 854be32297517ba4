# SPDX-License-Identifier: Apache-2.0
"""Make the recorded bursts of a receiving shift and its packing list: `python tests/pty/make_shift.py`.

60 scans: 53 as listed, 1 extra, 1 wrong one that is undone, 3 refused, 2 again; 55 are expected, so 2 are short.
"""

from pathlib import Path

HERE = Path(__file__).parent
GS = "\x1d"


def check_digit(digits: str) -> str:
    total = sum(int(digit) * (3 if number % 2 == 0 else 1) for number, digit in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def pallet(number: int) -> str:
    return check_digit(f"39521234500{number:06d}")


def box(number: int) -> str:
    return f"(01){check_digit('0952123450003')}(10)L24(17)291231(21)S{number:03d}"


def sent(item: str) -> str:
    """Write what a scanner sends for an item."""
    if item.startswith("(01)"):
        gtin, lot, expiry, serial = (part.split(")")[1] for part in item[1:].split("("))
        return f"]d201{gtin}10{lot}{GS}17{expiry}21{serial}"
    return f"]C100{item}"


def main() -> None:
    pallets, boxes = [pallet(number) for number in range(1, 41)], [box(number) for number in range(1, 16)]
    expected = pallets + boxes
    rows = [item if not item.startswith("(") else link(item) for item in expected]
    (HERE / "bursts" / "packing-list.csv").write_text("item\n" + "\n".join(rows) + "\n", encoding="ascii")
    wrong_digit = sent(pallets[11])[:-1] + str((int(pallets[11][-1]) + 1) % 10)
    stages: list[tuple[str, list[str]]] = [
        ("login", ["TRACE:BY:jo"]),
        ("place", ["TRACE:PLACE:DOCK-3"]),
        ("first scans", [sent(item) for item in pallets[:12]]),
        ("refused", [wrong_digit, sent(boxes[0]).replace(GS, ""), sent(pallets[12]) + sent(pallets[13])]),
        ("again", [sent(pallets[11]), sent(pallets[3])]),
        ("wrong pallet", [sent(pallet(900))]),
        ("undo", ["TRACE:UNDO"]),
        ("before the power cut", [sent(item) for item in pallets[12:28]]),
        ("after the power cut", ["TRACE:BY:jo", *(sent(item) for item in pallets[28:39])]),
        ("boxes", [*(sent(item) for item in boxes[:14]), sent(pallet(777))]),
        ("done", ["TRACE:DONE"]),
        ("why", ["TRACE:DONE"]),
    ]
    lines, at = ["# milliseconds, TAB, bytes in hex; a stage begins with #"], 0
    for name, scans in stages:
        lines.append(f"# {name}")
        for scan in scans:
            at += 900
            lines.append(f"{at}\t{(scan + chr(13)).encode().hex()}")
    (HERE / "bursts" / "receiving-shift.txt").write_text("\n".join(lines) + "\n", encoding="ascii")


def link(item: str) -> str:
    gtin, lot, _, serial = (part.split(")")[1] for part in item[1:].split("("))
    return f"https://id.gs1.org/01/{gtin}/10/{lot}/21/{serial}"


if __name__ == "__main__":
    main()
