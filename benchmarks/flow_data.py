# SPDX-License-Identifier: Apache-2.0
"""Real event logs as the tables of `forecasting`: legs with covariates, and visits.

The logs are not part of the project. They are looked for in the folder given, else in `TRACE_TEST_DATA`, else in
``../shared/data``; where there are none, the measuring says so and stops.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parents[1]
OLIST_TIMES = ["purchased_at", "approved_at", "carrier_at", "delivered_at", "promised_at", "ship_limit_at"]
OLIST_COVARIATES = ["km", "dow", "limit", "freight_value", "price"]
STAGES = ["rcs", "dep_1", "rcf_1", "dep_2", "rcf_2", "dep_3", "rcf_3", "dlv"]
EPOCH = pd.Timestamp("2020-01-01")


def find_logs(given: str | None = None) -> Path | None:
    """Give the folder that holds the logs, None where there is none."""
    folders = [given] if given else [os.environ.get("TRACE_TEST_DATA"), str(HERE.parent / "shared" / "data")]
    for folder in folders:
        for path in (Path(folder), Path(folder) / "events") if folder else ():
            if (path / "olist_items.csv.gz").is_file():
                return path
    return None


def olist_orders(folder: Path, *, delivered_only: bool = True) -> pd.DataFrame:
    """Read the orders of the marketplace, one row each, as legs from state to state."""
    table = pd.read_csv(folder / "olist_items.csv.gz", parse_dates=OLIST_TIMES).drop_duplicates("order_id")
    if delivered_only:
        done = (table.order_status == "delivered") & table.delivered_at.notna() & table.approved_at.notna()
        table = table[done]
    table = table.sort_values("purchased_at").reset_index(drop=True)
    south, east = np.radians(table.seller_lat), np.radians(table.seller_lng)
    north, west = np.radians(table.customer_lat), np.radians(table.customer_lng)
    chord = np.sin((north - south) / 2) ** 2 + np.cos(south) * np.cos(north) * np.sin((west - east) / 2) ** 2
    table["km"] = (12742 * np.arcsin(np.sqrt(chord))).fillna(500)
    table["dow"] = table.purchased_at.dt.dayofweek
    table["limit"] = (table.ship_limit_at - table.purchased_at).dt.total_seconds() / 86400
    return table.assign(
        item=table.order_id,
        product=table.sku,
        origin=table.seller_state,
        destination=table.customer_state,
        mode="",
        start=table.purchased_at,
        end=table.delivered_at,
        promised=table.promised_at + pd.Timedelta(days=1),
        quantity=1.0,
    )


def scms_lines(folder: Path) -> pd.DataFrame:
    """Read the delivery lines as legs from vendor to country; the schedule is left out, it tells the answer."""
    dates = ["po_sent", "scheduled", "delivered", "recorded"]
    table = pd.read_csv(folder / "scms_lines.csv.gz", parse_dates=dates)
    table = table[table.po_sent.notna() & table.delivered.notna()]
    days = (table.delivered - table.po_sent).dt.days
    table = table[(days > 0) & (table.scheduled > table.po_sent)].sort_values("po_sent").reset_index(drop=True)
    return table.assign(
        item=table["ID"].astype(str),
        product=table["Item Description"],
        origin=table["Vendor"],
        destination=table["Country"],
        mode=table["Shipment Mode"].fillna("?"),
        start=table.po_sent,
        end=table.delivered,
        qty=np.log1p(table["Line Item Quantity"].astype(float)),
        val=np.log1p(table["Line Item Value"].astype(float)),
        month=table.po_sent.dt.month,
    )


def cargo_bookings(folder: Path) -> pd.DataFrame:
    """Read the outgoing chains of the air freight log as legs; it has no calendar, so all start at one time."""
    stages = pd.read_csv(folder / "c2k_stages.csv.gz")
    stages = stages[stages.leg == "o"]
    chains = stages.groupby("nr")
    table = pd.DataFrame(
        {
            "hours": chains.actual_min.sum() / 60,
            "due": chains.planned_min.sum() / 60,
            "n": chains.size(),
            "origin": chains.place.first(),
            "destination": chains.place.last(),
        }
    )
    table["rcs_p"] = stages[stages.stage == "rcs"].set_index("nr").planned_min / 60
    table = table.dropna()
    table = table[(table.hours > 0) & (table.hours < table.hours.quantile(0.999))].reset_index()
    return _timeless(table, table.hours, table.due)


def cargo_states(folder: Path) -> pd.DataFrame:
    """Read the state of each chain after each stage; a leg is what remains from there to its end."""
    table = pd.read_csv(folder / "c2k_stages.csv.gz")
    table["k"] = table.stage.map({stage: place for place, stage in enumerate(STAGES)})
    table = table.sort_values(["nr", "leg", "k"])
    table[["planned_min", "actual_min"]] = table[["planned_min", "actual_min"]].fillna(0) / 60
    chains = table.groupby(["nr", "leg"])
    table["cp"], table["ca"] = chains.planned_min.cumsum(), chains.actual_min.cumsum()
    planned, actual = chains.planned_min.transform("sum"), chains.actual_min.transform("sum")
    table["place"] = chains.place.ffill()
    chains = table.groupby(["nr", "leg"])
    table["nxt"], table["np1"] = chains.place.shift(-1), chains.planned_min.shift(-1)
    table["origin"], table["destination"] = table.place, chains.place.transform("last")
    table["remp"], table["hours"] = planned - table.cp, actual - table.ca
    table["left"] = chains.cumcount(ascending=False)
    table = table[(table.left > 0) & (actual < 2000) & (actual > 0)].reset_index(drop=True)
    return _timeless(table, table.hours, table.remp)


def _timeless(table: pd.DataFrame, hours: pd.Series[float], due: pd.Series[float]) -> pd.DataFrame:
    return table.assign(
        item=table.nr.astype(str),
        product="",
        mode="",
        start=EPOCH,
        end=EPOCH + pd.to_timedelta(hours, unit="h"),
        promised=EPOCH + pd.to_timedelta(due, unit="h"),
    )


def bottleneck_visits(folder: Path) -> dict[str, tuple[pd.DataFrame, str, int]]:
    """Give the visits of each bottleneck question, its period and the periods before the first origin."""
    orders = pd.read_csv(folder / "olist_items.csv.gz", parse_dates=OLIST_TIMES).drop_duplicates("order_id")
    flights = pd.read_csv(folder / "flights_houston_2011.csv.gz")
    flights = flights[flights.TaxiIn.notna() & flights.ArrTime.notna()]
    minute = (flights.ArrTime // 100) * 60 + flights.ArrTime % 100
    landed = pd.to_datetime(flights.date) + pd.to_timedelta(minute, unit="m")
    left = landed + pd.to_timedelta(flights.TaxiIn, unit="m")
    lane = orders.seller_state + ">" + orders.customer_state
    return {
        "seller city": (_visits(orders.seller_city, orders.approved_at, orders.carrier_at), "W", 8),
        "state": (_visits(orders.customer_state, orders.carrier_at, orders.delivered_at), "W", 8),
        "lane": (_visits(lane, orders.carrier_at, orders.delivered_at), "M", 6),
        "hub": (_visits(flights.Dest, landed, left), "W", 8),
    }


def _visits(place: pd.Series[str], arrive: pd.Series, depart: pd.Series) -> pd.DataFrame:
    table = pd.DataFrame({"place": place, "arrive": arrive, "depart": depart}).dropna(subset=["place", "arrive"])
    backwards = table.depart < table.arrive
    table = table[~backwards].reset_index(drop=True)
    return table.assign(item=table.index.astype(str), product="", arrive_seq=table.index, depart_seq=table.index)
