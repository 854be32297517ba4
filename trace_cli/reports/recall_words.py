"""Words of a recall that its table, its page and its pictures share."""

from typing import Final

HEAD: Final = ("item", "state", "place", "container", "holder", "quantity", "unit", "contact", "last entry")
PLACES: Final = ("place", "quantity", "unit", "things")
STATES: Final = {"under_way": "under way", "here": "here"}
