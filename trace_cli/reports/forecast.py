"""The answer of `forecast`: JSON for programs, blocks and a chart for planners, rows for spreadsheets."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from ledger.chain.counting import counted
from ledger.custody.unit_symbols import symbol
from trace_cli.formats.answer import say
from trace_cli.formats.chart import Ahead, draw_chart, figure, is_rich
from trace_cli.formats.csv_text import csv_text
from trace_cli.formats.table import draw_table
from trace_cli.prediction import number

if TYPE_CHECKING:
    from forecasting.asked_demand import AskedDemand
    from forecasting.demand_forecast import ForecastResult
    from ledger.custody.codes import Codes
    from trace_cli.prediction import Prediction

SCHEMA: Final = "trace.forecast/1"
HISTORY_SHOWN: Final = 24
_STEPS_SHOWN: Final = 26
_WIDTH: Final = 80
_NAME_WIDTH: Final = 36
_PERIODS: Final = {"h": "hour", "D": "day", "W": "week", "M": "month", "Q": "quarter", "Y": "year"}


def period_name(freq: str) -> str:
    """Name the period of a frequency: hour, day, week, month, quarter, year."""
    from forecasting.frequency import read_period

    return _PERIODS[read_period(freq).base]


def label_text(label: datetime, freq: str) -> str:
    """Write the label of a period: its date, or its time where periods are hours."""
    return label.isoformat()[:16] if freq == "h" else label.date().isoformat()


def series_answers(asked: AskedDemand, result: ForecastResult, freq: str) -> list[dict[str, Any]]:
    """Build the list `series` of the JSON answer, in the order of the table."""
    points: dict[str, list[dict[str, Any]]] = {}
    levels = [str(name) for name in result.points.columns if str(name).startswith("q")]
    for row in result.points.to_dict("records"):
        quantiles = {level[1:]: number(row[level]) for level in levels}
        point = {"ds": label_text(row["ds"], freq), "mean": number(row["mean"]), "quantiles": quantiles}
        points.setdefault(row["unique_id"], []).append(point)
    answers = []
    for series, found in zip(asked.series, result.accuracy.to_dict("records"), strict=True):
        notes = list(found["notes"])
        if len(series.units) > 1:
            mixed = " and ".join(unit or "a count" for unit in series.units)
            notes.append(f"its events count in different units ({mixed}), which are added as they are")
        answers.append(
            {
                "unique_id": series.unique_id,
                "product": series.product,
                "place": series.place,
                "frequency": freq,
                "unit": series.units[0] if len(series.units) == 1 else None,
                "model": found["model"],
                "class": found["class"],
                "points": points[series.unique_id],
                "accuracy": {name: number(found[name]) for name in ("mase", "rmsse", "coverage80", "value_added")},
                "why": list(found["why"]),
                "notes": notes,
                "total": series.total,
            }
        )
    return answers


def completeness_answer(
    prediction: Prediction, asked: AskedDemand, freq: str, keys: Sequence[str]
) -> dict[str, Any]:
    """Build the part `completeness` of the JSON answer, with the same in words."""
    from dataclasses import asdict

    from forecasting.completeness import completeness_words, measure_completeness

    found = measure_completeness(
        prediction.events(), freq=freq, choice=asked.choice, by=keys, until=prediction.moment
    )
    return {**asdict(found), "words": completeness_words(found, freq)}


def record_lines(words: Sequence[str]) -> list[str]:
    """Say how complete the record is, in lines that fit a terminal."""
    return _wrapped(f"{'; '.join(words)}.", "Record: ")


def histories_of(table: Any, freq: str, count: int) -> dict[str, list[tuple[str, float]]]:
    """Give label and demand of the last periods of every series of a demand table."""
    from forecasting.asked_demand import recent_periods

    return {
        name: [(label_text(label, freq), value) for label, value in rows]
        for name, rows in recent_periods(table, count).items()
    }


def forecast_csv(answer: Mapping[str, Any]) -> str:
    """Write all series as tidy rows: one for each period of each series."""
    levels = levels_of(answer["series"])
    head = ["unique_id", "ds", "mean", *(f"q{level}" for level in levels), "model", "unit"]
    # What does not hold must say so wherever it goes.
    warned = () if answer["verified"] else (False,)
    rows = (
        (
            *(series["unique_id"], point["ds"], point["mean"]),
            *(point["quantiles"][level] for level in levels),
            *(series["model"], series["unit"], *warned),
        )
        for series in answer["series"]
        for point in series["points"]
    )
    return csv_text([*head, "verified"] if warned else head, rows)


def write_forecast(
    answer: Mapping[str, Any], histories: Mapping[str, Sequence[tuple[str, float]]], codes: Codes | None
) -> None:
    """Tell people: a block for each series, a chart where a history is given, a table of all.

    Args:
        answer: The JSON answer, cut to what is shown.
        histories: For the series to be charted, the label and demand of their last periods.
        codes: How URIs are shortened; None: series have no product or place.
    """
    series = answer["series"]
    period = period_name(series[0]["frequency"])
    for place, one in enumerate(series, 1):
        say(f"\n{place}. {series_name(one, codes)}  ({unit_of(one)} per {period})")
        for line in _model_lines(one):
            say(line)
        if one["unique_id"] in histories:
            _write_chart(one, histories[one["unique_id"]], period)
    say()
    say(_overview(series, codes, period))


def series_name(series: Mapping[str, Any], codes: Codes | None) -> str:
    """Name a series as people do."""
    from forecasting.tables.demand import UNKNOWN_PRODUCT

    names = [(key, series[key]) for key in ("product", "place") if series[key] is not None]
    if codes is None or not names:
        return str(series["unique_id"])
    return " at ".join(
        f"({key} not named)" if name == UNKNOWN_PRODUCT else codes.short(name) for key, name in names
    )


def model_words(series: Mapping[str, Any]) -> str:
    """Say which model, how good it was at earlier origins, and what a reader must know."""
    from forecasting.selection import BENCHMARK

    accuracy, model = series["accuracy"], series["model"].replace("_", " ")
    added, covered, mase = accuracy["value_added"], accuracy["coverage80"], accuracy["mase"]
    words = [f"{series['class'].capitalize()} demand; model {model}."]
    if series["model"] == BENCHMARK:
        words.append("It repeats the season before, and is itself what other models are measured by.")
    elif added is not None:
        percent = round(abs(added) * 100)
        verdict = f"{percent} % {'less' if added > 0 else 'MORE'}" if percent else "no less"
        words.append(f"Typical error {1 - added:.2f} of the seasonal-naive error at earlier origins ({verdict}).")
    if covered is not None:
        words.append(f"{covered * 100:.0f} % of what came lay in the 80 % band.")
    if mase is not None:
        words.append(f"MASE {mase:.2f}, RMSSE {_two_decimals(accuracy['rmsse'])}.")
    words += [f"Note: {note}." for note in series["notes"]]
    return " ".join(words)


def _model_lines(series: Mapping[str, Any]) -> list[str]:
    lines = _wrapped(model_words(series), "   ")
    width = max((len(reason["part"]) for reason in series["why"]), default=0)
    for reason in series["why"]:
        lines += _wrapped(f"{reason['words']}.", f"   {reason['part'][:12]:<{min(width, 12)}}  ")
    return lines


def _wrapped(text: str, begin: str) -> list[str]:
    # A number stays on the line of its sign.
    kept = text.replace(" %", "\u00a0%")
    lines = textwrap.wrap(kept, _WIDTH - 1, initial_indent=begin, subsequent_indent=" " * len(begin))
    return [line.replace("\u00a0", " ") for line in lines]


def _write_chart(series: Mapping[str, Any], history: Sequence[tuple[str, float]], period: str) -> None:
    rich, points = is_rich(), series["points"]
    levels = levels_of([series])
    low, middle, high = (point_reader(level) for level in outline(levels))
    ahead = [Ahead(point["ds"], low(point), middle(point), high(point)) for point in points]
    say()
    for line in draw_chart(history, ahead, rich=rich, width=_WIDTH):
        say(line)
    line, mean, band = ("─", "━", "░") if rich else ("-", "=", ":")
    names = outline(levels)
    legend = f"{line}{line} last {len(history)} {period}s   {mean}{mean} {level_name(names[1])}"
    if len(levels) > 1:
        legend += f"   {band}{band} {band_name(names)}"
    say(f"  {legend}, in {unit_of(series)}\n")
    columns = ["mean", *levels] if "0.5" not in levels else levels
    readers = [point_reader(level) for level in columns]
    decimals = decimals_for([reader(point) for reader in readers for point in points])
    rows = [
        [point["ds"], *(figure(reader(point), decimals) for reader in readers)] for point in points[:_STEPS_SHOWN]
    ]
    head = [label_meaning(series["frequency"], period), *map(level_name, columns)]
    say(textwrap.indent(draw_table(head, rows, right=range(1, len(head))), "   "))
    if len(points) > _STEPS_SHOWN:
        say(f"   ... and {len(points) - _STEPS_SHOWN} more periods (-o FILE.csv writes all)")


def _overview(series: Sequence[Mapping[str, Any]], codes: Codes | None, period: str) -> str:
    levels = levels_of(series)
    shown = list(dict.fromkeys(outline(levels)))
    horizon = len(series[0]["points"])
    head = ["", "series", "unit", *(f"{level_name(level)}" for level in shown), plural(horizon, period)]
    head[3] = f"next {period} {head[3]}"
    rows = []
    for place, one in enumerate(series, 1):
        total = sum(point["mean"] for point in one["points"])
        values = [point_reader(level)(one["points"][0]) for level in shown]
        decimals = decimals_for(values)
        cells = [*(figure(value, decimals) for value in values), figure(total, decimals_for([total]))]
        unit = symbol(one["unit"]) if one["unit"] else "-"
        rows.append([f"{place}.", _fit(series_name(one, codes)), unit, *cells])
    return draw_table(head, rows, right=(0, *range(3, len(head))))


def levels_of(series: Sequence[Mapping[str, Any]]) -> list[str]:
    """Give the levels of the quantiles, as the answer names them."""
    return list(series[0]["points"][0]["quantiles"]) if series else []


def outline(levels: Sequence[str]) -> tuple[str, str, str]:
    """Choose the lowest level, the median (else the mean), and the highest."""
    middle = "0.5" if "0.5" in levels else "mean"
    return (levels[0], middle, levels[-1]) if len(levels) > 1 else (middle, middle, middle)


def point_reader(level: str) -> Any:
    """Give a function that reads a level, or the mean, of a point."""
    if level == "mean":
        return lambda point: point["mean"]
    return lambda point: point["quantiles"][level]


def level_name(level: str) -> str:
    """Name a level: p10, p50, mean."""
    return "mean" if level == "mean" else f"p{float(level) * 100:g}"


def band_name(names: Sequence[str]) -> str:
    """Name the band between the outer levels."""
    width = (float(names[2]) - float(names[0])) * 100
    return f"{width:g} % band ({level_name(names[0])} to {level_name(names[2])})"


def label_meaning(freq: str, period: str) -> str:
    """Say what the label of a period is: the day that it begins or ends with."""
    from forecasting.frequency import read_frequency

    if period in ("hour", "day"):
        return period
    return f"{period} {'ending' if read_frequency(freq).end_label else 'from'}"


def unit_of(series: Mapping[str, Any]) -> str:
    """Name the unit of a series, as people write it."""
    if series["unit"]:
        return symbol(series["unit"])
    return "mixed units" if len(series["notes"]) and _is_mixed(series) else "pieces"


def _is_mixed(series: Mapping[str, Any]) -> bool:
    return any("different units" in note for note in series["notes"])


def plural(count: int, period: str) -> str:
    """Count periods."""
    return counted(count, period)


def decimals_for(values: Sequence[float]) -> int:
    """Choose how many decimals the largest of the values deserves."""
    largest = max(map(abs, values), default=0.0)
    return 0 if largest >= 100 else 1 if largest >= 10 else 2


def _two_decimals(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f}"


def _fit(name: str) -> str:
    if len(name) <= _NAME_WIDTH:
        return name
    half = (_NAME_WIDTH - 3) // 2
    return f"{name[:half]}...{name[-half:]}"
