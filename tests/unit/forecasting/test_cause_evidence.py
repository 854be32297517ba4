# SPDX-License-Identifier: Apache-2.0
"""The entries named for a cause are those that show it."""

import pandas as pd

from forecasting import bottlenecks
from forecasting.flow.cause_evidence import MOST_ENTRIES, show_causes

MONDAY = pd.Timestamp("2018-01-01", tz="UTC")
NEXT = pd.Timestamp("2018-01-08", tz="UTC")
PRESS = "https://acme.example/loc/PRESS"


def visits(*rows):
    """Build visits from (place, arrive, depart) in hours after Monday 2018-01-01; a stay left is seq + 1."""
    told = [
        {
            "item": f"I{number}",
            "place": place,
            "arrive": MONDAY + pd.Timedelta(hours=arrive),
            "depart": pd.NaT if depart is None else MONDAY + pd.Timedelta(hours=depart),
            "arrive_seq": 10 * number,
            "depart_seq": None if depart is None else 10 * number + 1,
        }
        for number, (place, arrive, depart) in enumerate(rows)
    ]
    table = pd.DataFrame(told)
    return table.assign(**{name: pd.to_datetime(table[name], utc=True) for name in ("arrive", "depart")})


def shown(table, **options):
    ranked = bottlenecks(table, as_of=NEXT)
    told = show_causes(table, ranked, as_of=NEXT, **options)
    causes = ranked.set_index("place")["causes"]
    assert all(len(one.entries) == len(causes[place]) for place, one in told.items())
    return {
        place: (
            {cause.partition(":")[0]: seqs for cause, seqs in zip(causes[place], one.entries, strict=True)},
            one,
        )
        for place, one in told.items()
    }


def test_each_cause_has_its_own_entries():
    rows = [("sink", hour, None) for hour in range(0, 80, 10)] + [
        ("batch", hour, 130) for hour in range(0, 60, 10)
    ]
    told = shown(visits(*rows, ("batch", -400, -390)))
    causes, release = told["sink"]
    # the newest arrivals show that it builds up, the oldest that it stands still
    assert causes["building"] == [70, 60, 50, 40, 30]
    assert causes["standing still"] == [0, 10, 20, 30, 40]
    assert len(causes["end of the line"]) == MOST_ENTRIES
    assert release.release[0] == ("I0", 0)
    assert [seq for _, seq in release.release] == sorted(seq for _, seq in release.release)
    causes, release = told["batch"]
    assert causes["batching"] == [81, 91, 101, 111, 121]
    assert release.release == []


def test_what_comes_after_the_moment_shows_nothing():
    rows = [("A", hour, 100 + hour) for hour in range(0, 60, 10)]
    table = visits(*rows)
    later = visits(*rows, ("A", 200, 210), ("A", 201, None))
    assert shown(table) == shown(later)


def test_goods_held_upstream_show_who_starves():
    rows, items = [], []
    for week in range(-12, 1):
        for k in range(5):
            at = 168 * week + 10 * k
            held = week == 0 and k > 0
            rows.append(("MILL", at, None if held else at + 5))
            if not held:
                rows.append((PRESS, at + 6, at + 9))
            items += [f"I{week}-{k}"] * (1 if held else 2)
    table = visits(*rows).assign(item=items)
    told = shown(table)
    causes, _ = told[PRESS]
    open_at_mill = table[(table["place"] == "MILL") & table["depart"].isna()]["arrive_seq"].tolist()
    assert causes["starved by MILL"] == open_at_mill
    assert any(seqs == open_at_mill for cause, seqs in told["MILL"][0].items() if cause.startswith("holding up"))


def test_only_so_many_places_are_shown():
    rows = [(f"P{place:03d}", place / 10, None) for place in range(30)]
    assert len(shown(visits(*rows), most=7)) == 7
