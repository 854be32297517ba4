"""What moves in the chain: crops in bulk, and the packed products that stores sell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sample_data.identifiers import bulk_gtin, gtin


@dataclass(frozen=True, slots=True)
class Crop:
    """What a farm harvests: bulk goods in kilograms."""

    code: str
    name: str
    reference: int
    summer_farm: str
    winter_farm: str

    @property
    def gtin(self) -> str:
        """GTIN-14 of the crop in bulk."""
        return bulk_gtin(self.reference)

    def farms(self, day: date) -> tuple[str, ...]:
        """Return the farms that harvest it on a day; in the two weeks of a change of season, both."""
        if self.summer_farm == self.winter_farm:
            return (self.summer_farm,)
        month_day = (day.month, day.day)
        if (4, 1) <= month_day < (4, 15) or (11, 10) <= month_day < (11, 24):
            return (self.summer_farm, self.winter_farm)
        return (self.summer_farm,) if (4, 15) <= month_day < (11, 10) else (self.winter_farm,)


@dataclass(frozen=True, slots=True)
class Product:
    """What stores sell, in kilograms."""

    code: str
    name: str
    reference: int
    recipe: tuple[tuple[str, float], ...]
    """Crop codes with their share of the mass."""
    daily: float
    """Mean sales of an average store in an average week [kg/day]."""
    swing: float
    """Height of the yearly season, as a share of the mean."""
    peak: int
    """Day of the year on which the season is highest."""
    shelf_days: int
    """Days from delivery to the last day of sale [days]."""
    months: tuple[int, ...] = tuple(range(1, 13))
    """Months in which it is on sale at all."""

    @property
    def gtin(self) -> str:
        """GTIN-13 of the packed product."""
        return gtin(self.reference)


SALINAS, YUMA, FRESNO = "FARM-SALINAS", "FARM-YUMA", "FARM-FRESNO"

CROPS = {
    crop.code: crop
    for crop in (
        Crop("ROM", "Romaine", 901, SALINAS, YUMA),
        Crop("STR", "Strawberry", 902, SALINAS, SALINAS),
        Crop("SPI", "Spinach", 903, SALINAS, YUMA),
        Crop("ICE", "Iceberg lettuce", 904, SALINAS, YUMA),
        Crop("KAL", "Kale", 905, SALINAS, YUMA),
        Crop("BRO", "Broccoli", 906, SALINAS, YUMA),
        Crop("CAU", "Cauliflower", 907, SALINAS, YUMA),
        Crop("CEL", "Celery", 908, SALINAS, YUMA),
        Crop("CAR", "Carrot", 909, FRESNO, YUMA),
        Crop("RAS", "Raspberry", 910, SALINAS, SALINAS),
        Crop("TOM", "Tomato", 911, FRESNO, YUMA),
        Crop("PEP", "Bell pepper", 912, FRESNO, YUMA),
        Crop("CUC", "Cucumber", 913, FRESNO, YUMA),
        Crop("ZUC", "Zucchini", 914, FRESNO, YUMA),
        Crop("PEA", "Peach", 915, FRESNO, FRESNO),
        Crop("GRA", "Grape", 916, FRESNO, FRESNO),
        Crop("ORA", "Orange", 917, FRESNO, FRESNO),
        Crop("LEM", "Lemon", 918, FRESNO, FRESNO),
    )
}

SALAD = (("ROM", 0.55), ("SPI", 0.35), ("CAR", 0.1))
GREENS = (("KAL", 0.5), ("SPI", 0.5))

PRODUCTS = {
    product.code: product
    for product in (
        Product("ROM", "Romaine hearts", 1, (("ROM", 1.0),), 34.0, 0.12, 160, 7),
        Product("STR", "Strawberries", 2, (("STR", 1.0),), 30.0, 0.45, 135, 5),
        Product("MIX", "Spring salad mix", 3, SALAD, 22.0, 0.25, 185, 6),
        Product("SPI", "Baby spinach", 4, (("SPI", 1.0),), 15.0, 0.10, 120, 6),
        Product("ICE", "Iceberg lettuce", 5, (("ICE", 1.0),), 28.0, 0.20, 190, 8),
        Product("GRN", "Braising greens", 6, GREENS, 6.5, 0.35, 10, 7),
        Product("BRO", "Broccoli crowns", 7, (("BRO", 1.0),), 24.0, 0.18, 15, 8),
        Product("CAU", "Cauliflower", 8, (("CAU", 1.0),), 14.0, 0.22, 20, 8),
        Product("CEL", "Celery", 9, (("CEL", 1.0),), 12.0, 0.30, 330, 9),
        Product("CAR", "Carrots", 10, (("CAR", 1.0),), 26.0, 0.08, 30, 10),
        Product("RAS", "Raspberries", 11, (("RAS", 1.0),), 5.0, 0.40, 190, 5),
        Product("TOM", "Vine tomatoes", 12, (("TOM", 1.0),), 40.0, 0.25, 200, 7),
        Product("PEP", "Bell peppers", 13, (("PEP", 1.0),), 20.0, 0.15, 210, 8),
        Product("CUC", "Cucumbers", 14, (("CUC", 1.0),), 22.0, 0.35, 195, 7),
        Product("ZUC", "Zucchini", 15, (("ZUC", 1.0),), 11.0, 0.20, 200, 7),
        Product("PEA", "Peaches", 16, (("PEA", 1.0),), 24.0, 0.50, 205, 6, (6, 7, 8, 9)),
        Product("GRA", "Table grapes", 17, (("GRA", 1.0),), 26.0, 0.35, 255, 8, (7, 8, 9, 10, 11)),
        Product("ORA", "Navel oranges", 18, (("ORA", 1.0),), 36.0, 0.45, 20, 12, (1, 2, 3, 4, 11, 12)),
        Product("LEM", "Lemons", 19, (("LEM", 1.0),), 8.0, 0.20, 200, 12),
    )
}

BASKET_REFERENCE = 20
BASKET_NAME = "Gift basket"
BASKET_SHELF_DAYS = 14
