# SPDX-License-Identifier: Apache-2.0
"""Pictures of operations: whole, inside their frame, and as wide as a phone where they can be."""

import re
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from trace_cli.formats.flow_picture import flow_map, heat_strips

PHONE = 390 * 1.4
"""Beyond this a picture shrunk to a phone has letters of less than 8 px."""

names = st.sampled_from("ABCDEFGH")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def frame(picture):
    root = ElementTree.fromstring(picture)
    return root, [float(one) for one in root.attrib["viewBox"].split()]


def of_kind(root, kind):
    return [one for one in root.iter() if one.tag.endswith("}" + kind)]


@given(flows=st.dictionaries(st.tuples(names, names), st.integers(1, 900), min_size=1, max_size=14))
def test_every_box_lies_in_the_frame_and_on_no_other(flows):
    told = sorted(((a, b, n) for (a, b), n in flows.items() if a != b), key=lambda one: -one[2])
    root, (_, _, width, height) = frame(flow_map(told, {"A": 0.7}))
    boxes = {
        (float(one.attrib["x"]), float(one.attrib["y"]), float(one.attrib["width"]), float(one.attrib["height"]))
        for one in of_kind(root, "rect")
    }
    assert len(boxes) == len({place for flow in told for place in flow[:2]})
    for x, y, wide, high in boxes:
        assert 0 <= x <= x + wide <= width
        assert 0 <= y <= y + high <= height
        assert not any(
            abs(x - other[0]) < wide and abs(y - other[1]) < high for other in boxes if other != (x, y, wide, high)
        )
    arrows = [one for one in of_kind(root, "path") if one.attrib.get("marker-end")]
    assert len(arrows) == len(told)
    for arrow in arrows:
        first = [float(one) for one in NUMBER.findall(arrow.attrib["d"])]
        ends = (first[0], first[1]), (first[-2], first[-1])
        assert all(0 <= x <= width and 0 <= y <= height for x, y in ends)


def test_a_long_chain_stands_upright_and_a_wide_one_lies():
    chain = [(f"STEP-{one}", f"STEP-{one + 1}", 10) for one in range(8)]
    fan = [("HUB", f"STORE-{one}", 10) for one in range(12)]
    for flows in (chain, fan):
        _, (_, _, width, _) = frame(flow_map(flows, {}))
        assert width <= PHONE
    root, _ = frame(flow_map(chain, {}))
    assert "10" in [one.text for one in of_kind(root, "text")]


def test_strips_end_with_the_last_period_and_its_hours():
    rows = [("PRESS", [0.0, 5.0, 1234.4]), ("MILL", [0.0, 0.0, 0.0])]
    root, (_, _, width, height) = frame(heat_strips(rows, ["2026-01-05", "2026-01-12", "2026-01-19"]))
    assert width <= 390
    texts = [one.text for one in of_kind(root, "text")]
    assert "1,234 h" in texts
    assert "0 h" in texts
    cells = of_kind(root, "rect")
    assert len(cells) == 6
    assert all(float(one.attrib["x"]) + float(one.attrib["width"]) <= width for one in cells)
    assert all(float(one.attrib["y"]) + float(one.attrib["height"]) <= height for one in cells)
    assert frame(heat_strips([], []))[1][2] == width
