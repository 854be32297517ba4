# SPDX-License-Identifier: Apache-2.0
"""Recorded columns as bytes: they come back as they were, and what is no such bytes is refused."""

import io
import json
from hashlib import sha256

import numpy as np
import pytest

from forecasting.errors import BadTable
from forecasting.tables.kept import FORMAT, pack_recorded, unpack_recorded
from forecasting.tables.recorded import ALL, record_events
from ledger.custody.history import make_event

GOODS = {"epcClass": "https://id.gs1.org/01/04006381333931/10/L", "quantity": 2.5, "uom": "KGM"}
EVENT = {"type": "ObjectEvent", "eventID": "urn:1", "eventTime": "2026-03-01T08:15:00.5+01:00", "action": "ADD"}
WORDS = {"bizStep": "shipping", "disposition": "in_transit", "readPoint": {"id": "Zürich ☃"}, "epcList": ["a:1"]}
BODIES = (
    EVENT | WORDS | {"quantityList": [GOODS], "trace:promised": "2026-03-02T00:00:00+00:00"},
    EVENT | {"recordTime": "2026-03-01T09:00:00+00:00", "bizLocation": {"id": "p"}, "trace:lot": "L"},
    EVENT | {"eventID": "urn:2", "type": "AggregationEvent", "parentID": "a:2", "childEPCs": ["a:1", "a:1"]},
    EVENT
    | {
        "eventID": "urn:2",
        "errorDeclaration": {
            "declarationTime": "2026-03-03T00:00:00+00:00",
            "correctiveEventIDs": ["urn:3", "urn:4"],
        },
    },
    EVENT
    | {
        "eventID": "urn:5",
        "sourceList": [{"type": "location", "source": "s"}, {"type": "owning_party", "source": "giver"}],
        "destinationList": [{"type": "location", "destination": "d"}],
        "bizTransactionList": [{"bizTransaction": "doc"}],
        "trace:product": "P",
        "trace:quantity": 3,
        "trace:unit": "EA",
        "epcList": ["a:3"],
        "sensorElementList": [
            {"sensorMetadata": {"deviceID": "s:1"}, "sensorReport": [{"type": "Temperature", "value": 4.5}]}
        ],
    },
)


@pytest.fixture
def recorded():
    return record_events(
        make_event(seq, body, "2026-04-01T00:00:00.000Z", via, by="ann")
        for seq, (body, via) in enumerate(zip(BODIES, ["imported", "scanned"] * 3, strict=False))
    )


def test_they_come_back_as_they_were(recorded):
    for told in (recorded, record_events(())):
        found = unpack_recorded(pack_recorded(told))
        for name in ALL:
            before, after = getattr(told, name), getattr(found, name)
            assert before.dtype == after.dtype, name
            np.testing.assert_array_equal(before, after, err_msg=name)


def test_equal_events_give_equal_bytes(recorded):
    assert pack_recorded(recorded) == pack_recorded(unpack_recorded(pack_recorded(recorded)))


def test_other_columns_for_the_same_events_are_another_format(recorded):
    """Where this fails, what was kept by the program of yesterday is misread: raise FORMAT, then mend this."""
    columns = {name: [repr(value) for value in getattr(recorded, name).tolist()] for name in ALL}
    digest = sha256(json.dumps(columns).encode()).hexdigest()[:16]
    assert (FORMAT, digest) == (2, "6477e018504f15a0")


def damaged(data, change):
    with np.load(io.BytesIO(data)) as arrays:
        found = dict(arrays)
    change(found)
    file = io.BytesIO()
    np.savez(file, **found)
    return file.getvalue()


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays: arrays.update(format=np.array([FORMAT + 1])),
        lambda arrays: arrays.pop("seq"),
        lambda arrays: arrays.update(seq=arrays["seq"][:-1]),
        lambda arrays: arrays.update(mentions=arrays["mentions"] + 1),
        lambda arrays: arrays.update({"item.code": arrays["item.code"] + 100}),
    ],
)
def test_other_columns_are_refused(recorded, change):
    with pytest.raises(BadTable):
        unpack_recorded(damaged(pack_recorded(recorded), change))


@pytest.mark.parametrize("data", [b"", b"PK", b"no archive at all", b"\x80\x04N."])
def test_other_bytes_are_refused(data):
    with pytest.raises(BadTable):
        unpack_recorded(data)


def test_a_cut_archive_is_refused(recorded):
    data = pack_recorded(recorded)
    for size in (10, len(data) // 2, len(data) - 1):
        with pytest.raises(BadTable):
            unpack_recorded(data[:size])
