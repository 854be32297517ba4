"""Samples as files: the same seed gives the same bytes."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from sample_data.flow import Sample
from sample_data.goods import BASKET_NAME, BASKET_REFERENCE, BASKET_SHELF_DAYS, CROPS, PRODUCTS
from sample_data.identifiers import gtin
from sample_data.journal import COLUMNS
from sample_data.network import PLACES

BULK_SHELF_DAYS = 2


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return CSV with a header and plain line feeds."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()


def events_csv(sample: Sample) -> str:
    """Return the events, one a row, in order of time."""
    return csv_text(COLUMNS, (row.values for row in sample.rows))


def places_csv(sample: Sample) -> str:
    """Return the master data of the places that the sample uses."""
    codes = {row.cells["place"] for row in sample.rows}
    used = [place for place in PLACES.values() if place.code in codes]
    return csv_text(
        ("place", "name", "latitude", "longitude", "address", "phone"),
        (
            (
                place.code,
                place.name,
                f"{place.latitude:.4f}",
                f"{place.longitude:.4f}",
                place.address,
                place.phone,
            )
            for place in used
        ),
    )


def products_csv(sample: Sample) -> str:
    """Return the master data of packed products and of the crops that go into them."""
    codes = sample.size.products
    crops = [crop for crop in CROPS.values() if any(crop.code in dict(PRODUCTS[code].recipe) for code in codes)]
    packed = [(PRODUCTS[code].gtin, PRODUCTS[code].name, "KGM", str(PRODUCTS[code].shelf_days)) for code in codes]
    basket = (gtin(BASKET_REFERENCE), BASKET_NAME, "", str(BASKET_SHELF_DAYS))
    bulk = [(crop.gtin, f"{crop.name}, bulk", "KGM", str(BULK_SHELF_DAYS)) for crop in crops]
    return csv_text(("gtin", "name", "unit", "shelf_life_days"), [*packed, basket, *bulk])


def promotions_csv(sample: Sample) -> str:
    """Return the promotions: both days belong to it, uplift is a factor on demand."""
    return csv_text(
        ("product", "start", "end", "uplift"),
        (
            (PRODUCTS[deal.product].gtin, deal.start.isoformat(), deal.end.isoformat(), f"{deal.uplift:.2f}")
            for deal in sample.promotions
        ),
    )


def gzip_bytes(text: str) -> bytes:
    """Return text as gzip without a file name and without a time."""
    return gzip.compress(text.encode("utf-8"), compresslevel=9, mtime=0)


def sample_files(sample: Sample) -> dict[str, bytes]:
    """Return the bytes of each file by its name."""
    return {
        "cold-chain.csv.gz": gzip_bytes(events_csv(sample)),
        "places.csv": places_csv(sample).encode("utf-8"),
        "products.csv": products_csv(sample).encode("utf-8"),
        "promotions.csv": promotions_csv(sample).encode("utf-8"),
    }


def write_sample(sample: Sample, folder: Path) -> dict[Path, int]:
    """Write all files into a folder, which is made when it is missing.

    Returns:
        The size of each file [bytes].
    """
    folder.mkdir(parents=True, exist_ok=True)
    sizes = {}
    for name, content in sample_files(sample).items():
        (folder / name).write_bytes(content)
        sizes[folder / name] = len(content)
    return sizes
