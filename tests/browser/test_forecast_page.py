# SPDX-License-Identifier: Apache-2.0
"""The page of a forecast in a real browser: nothing is fetched, nothing sticks out, on a desk and on a phone."""

import pytest

from trace_cli.main import run

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("width", [360, 1200])
def test_the_page_fits_and_asks_no_network(browser, tmp_path, width):
    rows = ["unique_id,ds,y"]
    rows += [
        f"a-{'long-' * 12}name,{2022 + k // 12}-{k % 12 + 1:02d}-01,{50_000 + 900 * (k % 12)}" for k in range(36)
    ]
    (tmp_path / "own.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    page = tmp_path / "page.html"
    with pytest.raises(SystemExit) as left:
        run(["forecast", "--series", str(tmp_path / "own.csv"), "--freq", "MS", "-o", str(page)])
    assert not left.value.code
    browser.call(
        "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 600
    )
    browser.requests.clear()
    browser.errors.clear()
    browser.call("Page.navigate", url=page.as_uri())
    for _ in range(10_000):
        if browser.evaluate("document.readyState + location.href") == "complete" + page.as_uri():
            break
    else:
        raise AssertionError(f"{page} never loads")
    assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box = browser.evaluate(
        "(b => [b.width, b.height])(document.querySelector('svg.bands').getBoundingClientRect())"
    )
    assert box[0] == pytest.approx(min(width, 768) - 35.2, abs=2)
    # Text in the picture stays readable: 11 px at least.
    size = "parseFloat(getComputedStyle(document.querySelector('svg.bands text')).fontSize)"
    assert browser.evaluate(f"{size} * document.querySelector('svg.bands').clientWidth / 720") >= 9.5
    assert browser.requests == [page.as_uri()]
    assert browser.errors == []
