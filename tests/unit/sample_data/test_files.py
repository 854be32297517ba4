# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import csv
import gzip
import hashlib
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sample_data import SAMPLES, open_sample, sample_path
from sample_data.__main__ import main
from sample_data.flow import Sample, generate
from sample_data.identifiers import check_digit
from sample_data.journal import COLUMNS
from sample_data.network import PLACES
from sample_data.sizes import END
from sample_data.write import gzip_bytes, sample_files


def digests(sample: Sample) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in sample_files(sample).items()}


def test_the_same_seed_gives_the_same_bytes(small: Sample) -> None:
    assert digests(small) == digests(generate("small"))


def test_another_seed_gives_other_events(small: Sample) -> None:
    assert digests(small)["cold-chain.csv.gz"] != digests(generate("small", seed=8))["cold-chain.csv.gz"]


def test_the_same_bytes_in_another_process(small: Sample, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sample_data", "-o", str(tmp_path)]
    root = Path(__file__).parents[3]
    environment = {"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "PATH": ""}
    subprocess.run(command, check=True, cwd=root, env=environment, capture_output=True)
    for name, content in sample_files(small).items():
        assert (tmp_path / name).read_bytes() == content


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_in_full(full: Sample) -> None:
    assert digests(full) == digests(generate("full"))


def test_the_shipped_files_are_what_the_generator_writes(small: Sample) -> None:
    """Text is compared, not gzip: another build of zlib may pack the same text otherwise."""
    files = sample_files(small)
    assert set(files) == set(SAMPLES.values())
    for name, file in SAMPLES.items():
        content = gzip.decompress(files[file]) if file.endswith(".gz") else files[file]
        with open_sample(name) as lines:
            assert lines.read().encode("utf-8") == content


def test_gzip_carries_neither_a_time_nor_a_name() -> None:
    packed = gzip_bytes("a")
    assert packed[3] == 0
    assert packed[4:8] == bytes(4)


def test_the_shipped_sample_is_small_and_long_enough(shipped: list[dict[str, str]]) -> None:
    assert sample_path("cold-chain").stat().st_size < 400_000
    assert 6_000 <= len(shipped) <= 12_000
    assert list(shipped[0]) == list(COLUMNS)
    first, last = (datetime.fromisoformat(row["time"]) for row in (shipped[0], shipped[-1]))
    assert last - first > timedelta(weeks=60)


def test_full_spans_two_years_at_ten_places(full: Sample) -> None:
    assert full.rows[-1].moment - full.rows[0].moment > timedelta(days=2 * 365)
    assert END - full.rows[-1].moment < timedelta(hours=1)
    assert {row.cells["place"] for row in full.rows} == set(PLACES)
    assert len(PLACES) == 10
    assert (
        len(
            {
                row.cells["lot"].split("-")[1]
                for row in full.rows
                if row.cells["step"] == "retail_selling" and "lot" in row.cells
            }
        )
        == 19
    )


def test_master_data_covers_the_events(shipped: list[dict[str, str]]) -> None:
    with open_sample("places") as lines:
        places = {row["place"]: row for row in csv.DictReader(lines)}
    with open_sample("products") as lines:
        products = {row["gtin"]: row for row in csv.DictReader(lines)}
    assert {row["place"] for row in shipped} == set(places)
    assert {row["product"] for row in shipped} - {""} <= set(products)
    assert all(check_digit(gtin[:-1]) == gtin[-1] for gtin in products)
    assert all("-555-01" in row["phone"] for row in places.values())
    with open_sample("promotions") as lines:
        assert {row["product"] for row in csv.DictReader(lines)} <= set(products)


def test_an_unknown_sample_is_named_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match="expected one of cold-chain, places"):
        sample_path("warm-chain")


def test_the_command_says_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-o", str(tmp_path / "new"), "--seed", "3"]) == 0
    said = capsys.readouterr().out
    assert all(file in said for file in SAMPLES.values())
    assert "events from 2024-12-19" in said


def test_importing_the_package_loads_no_generator() -> None:
    code = "import sys, sample_data; print([name for name in sys.modules if name.startswith('sample_data')])"
    root = Path(__file__).parents[3]
    run = subprocess.run([sys.executable, "-c", code], check=True, cwd=root, capture_output=True, text=True)
    assert run.stdout.strip() == "['sample_data']"


def test_the_readme_names_every_planted_thing() -> None:
    from sample_data import story

    text = (Path(__file__).parents[3] / "sample_data" / "README.md").read_text(encoding="utf-8")
    for name, value in vars(story).items():
        if name.isupper():
            for part in value if isinstance(value, tuple) else (value,):
                assert str(part) in text, name
