# SPDX-License-Identifier: Apache-2.0
"""A sensor is silent for much longer than it ever is between two readings.

Gaps of a series are taken to follow a gamma distribution with the median and the spread that the series has:
nearly even for a logger, exponential (the most uneven that is granted) for readings that people take. The p-value
is the chance that the largest of so many gaps is at least as large.
"""

import numpy as np

from forecasting.detectors.base import Detector, Findings, findings_about
from forecasting.detectors.history import HOUR, Floats, History
from forecasting.detectors.sensor_series import NO_READINGS, Series, sensor_series

FEWEST = 8  # gaps
LEAST_RATIO = 3.0
MOST_EVEN = 20.0  # shape of the gamma distribution


def _find(history: History) -> Findings:
    if history.readings is None or history.readings.empty:
        return NO_READINGS
    told: list[tuple[Series, int, float, float]] = []
    judged = 0
    for series in sensor_series(history):
        gaps = np.diff(series.time) / HOUR
        if len(gaps) < FEWEST:
            continue
        judged += 1
        at = int(np.argmax(gaps))
        usual = float(np.median(gaps))
        if gaps[at] >= LEAST_RATIO * usual:
            told.append((series, at, usual, gap_p_value(gaps)))
    if not judged:
        return Findings(blind=f"no sensor has {FEWEST + 1} readings", mend=NO_READINGS.mend, about="sensor")
    hours = [float(one.time[at + 1] - one.time[at]) / HOUR for one, at, _, _ in told]
    return findings_about(
        "sensor",
        [one.name for one, *_ in told],
        p_value=[p for *_, p in told],
        seqs=[tuple(sorted({int(one.seq[at]), int(one.seq[at + 1])})) for one, at, *_ in told],
        expected=[f"a reading of {one.type or 'the sensor'} every {usual:.2g} h" for one, _, usual, _ in told],
        seen=[
            f"none for {took:.3g} h after {np.datetime64(int(one.time[at]), 'us').astype('datetime64[m]')} UTC"
            for (one, at, *_), took in zip(told, hours, strict=True)
        ],
        judged=judged,
    )


def gap_p_value(gaps: Floats) -> float:
    """Give the chance that the largest of so many gaps is as large as this one.

    Args:
        gaps: above 0, shape (n,).
    """
    from scipy.special import gammaincc

    middle = float(np.median(gaps))
    spread = 1.4826 * float(np.median(np.abs(gaps - middle)))
    # No more even than a few gaps can show.
    shown = (middle / spread) ** 2 / (1 + 3 / np.sqrt(len(gaps))) if spread > 0 else MOST_EVEN
    shape = float(np.clip(shown, 1.0, MOST_EVEN))
    # The median of a gamma distribution (Wilson and Hilferty 1931).
    scale = middle / (shape * (1 - 1 / (9 * shape)) ** 3)
    # The scale is estimated too, from as many.
    scale *= 1 + 1 / np.sqrt(len(gaps))
    return min(1.0, len(gaps) * float(gammaincc(shape, gaps.max() / scale)))


DETECTOR = Detector("sensor_gap", _find)
