"""Who is in the chain: places with their master data, and the lanes between them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A site of the chain, with its master data: towns are real, sites and telephone numbers are made up."""

    code: str
    name: str
    zone: str
    party: str
    latitude: float
    longitude: float
    address: str
    phone: str


@dataclass(frozen=True, slots=True)
class Lane:
    """A road between two places: how long it takes and what is promised, from departure [hours]."""

    fastest: float
    slowest: float
    promised: float
    late: float = 0.0
    """Mean of what a lane that always runs late adds [hours]."""


PLACES = {
    place.code: place
    for place in (
        Place(
            "FARM-SALINAS",
            "Salinas Valley Farm",
            "pacific",
            "GROWER-SALINAS",
            36.6777,
            -121.6555,
            "Salinas CA",
            "+1-831-555-0101",
        ),
        Place(
            "FARM-FRESNO",
            "Fresno Orchard and Field",
            "pacific",
            "GROWER-FRESNO",
            36.7378,
            -119.7871,
            "Fresno CA",
            "+1-559-555-0102",
        ),
        Place(
            "FARM-YUMA",
            "Yuma Winter Farm",
            "mountain",
            "GROWER-YUMA",
            32.7801,
            -114.5180,
            "Yuma AZ",
            "+1-928-555-0103",
        ),
        Place(
            "PACK-YUMA",
            "Yuma Packhouse",
            "mountain",
            "PACKER-YUMA",
            32.6927,
            -114.6277,
            "Yuma AZ",
            "+1-928-555-0104",
        ),
        Place(
            "DC-DALLAS",
            "Dallas Distribution Centre",
            "central",
            "LOGISTICS-PRAIRIE",
            32.7767,
            -96.7970,
            "Dallas TX",
            "+1-214-555-0105",
        ),
        Place(
            "XDOCK-TULSA",
            "Tulsa Cross-Dock",
            "central",
            "LOGISTICS-PRAIRIE",
            36.1540,
            -95.9928,
            "Tulsa OK",
            "+1-918-555-0106",
        ),
        Place(
            "STORE-AUSTIN",
            "Austin Store",
            "central",
            "GROCER-BLUEBONNET",
            30.2672,
            -97.7431,
            "Austin TX",
            "+1-512-555-0107",
        ),
        Place(
            "STORE-HOUSTON",
            "Houston Store",
            "central",
            "GROCER-BLUEBONNET",
            29.7604,
            -95.3698,
            "Houston TX",
            "+1-713-555-0108",
        ),
        Place(
            "STORE-WICHITA",
            "Wichita Store",
            "central",
            "GROCER-BLUEBONNET",
            37.6872,
            -97.3301,
            "Wichita KS",
            "+1-316-555-0109",
        ),
        Place(
            "STORE-OMAHA",
            "Omaha Store",
            "central",
            "GROCER-BLUEBONNET",
            41.2565,
            -95.9345,
            "Omaha NE",
            "+1-402-555-0110",
        ),
    )
}

LANES = {
    ("FARM-SALINAS", "PACK-YUMA"): Lane(10.6, 12.8, 13.5),
    ("FARM-FRESNO", "PACK-YUMA"): Lane(8.8, 10.9, 11.5),
    ("FARM-YUMA", "PACK-YUMA"): Lane(0.7, 1.5, 2.0),
    ("PACK-YUMA", "DC-DALLAS"): Lane(25.5, 29.0, 29.5),
    ("DC-DALLAS", "STORE-AUSTIN"): Lane(3.8, 4.8, 5.0),
    ("DC-DALLAS", "STORE-HOUSTON"): Lane(4.7, 5.6, 5.5, late=4.5),
    ("DC-DALLAS", "XDOCK-TULSA"): Lane(4.9, 6.0, 6.5),
    ("XDOCK-TULSA", "STORE-WICHITA"): Lane(3.3, 4.2, 4.5),
    ("XDOCK-TULSA", "STORE-OMAHA"): Lane(7.2, 8.6, 9.0),
}

STORES = {"STORE-AUSTIN": 1.25, "STORE-HOUSTON": 1.5, "STORE-WICHITA": 0.8, "STORE-OMAHA": 0.65}
"""Stores and their size against the average store."""

CROSS_DOCKED = {"STORE-WICHITA": "XDOCK-TULSA", "STORE-OMAHA": "XDOCK-TULSA"}
