# SPDX-License-Identifier: Apache-2.0
"""The rules, one line each; what is measured against the rest of the history is called by `alarms`."""

from typing import Final

from forecasting.detectors import (
    back_dating,
    clock_drift,
    diversion,
    duplicate_serial,
    flat_line,
    impossible_travel,
    metronome,
    missing_step,
    over_allocated_lot,
    quantity_change,
    reentry,
    replay,
    reversed_step,
    sensor_gap,
    shared_login,
    shifted_copy,
    swapped_labels,
    unknown_serial,
    wrong_custodian,
)
from forecasting.detectors.base import Detector

RULES: Final[tuple[Detector, ...]] = (
    duplicate_serial.DETECTOR,
    impossible_travel.DETECTOR,
    unknown_serial.DETECTOR,
    missing_step.DETECTOR,
    reversed_step.DETECTOR,
    wrong_custodian.DETECTOR,
    diversion.DETECTOR,
    replay.DETECTOR,
    back_dating.DETECTOR,
    clock_drift.DETECTOR,
    quantity_change.DETECTOR,
    over_allocated_lot.DETECTOR,
    shifted_copy.DETECTOR,
    metronome.DETECTOR,
    reentry.DETECTOR,
    swapped_labels.DETECTOR,
    shared_login.DETECTOR,
    sensor_gap.DETECTOR,
    flat_line.DETECTOR,
)
