# SPDX-License-Identifier: Apache-2.0
"""One word for one thing: docs/glossary.md defines each, and names the synonyms that are not used."""

import re

import pytest

GLOSSARY = "docs/glossary.md"
TERM = re.compile(r"^\| \*\*(?P<term>[^*]+)\*\* \| (?P<meaning>.+) \|$", re.MULTILINE)
BANNED_ROW = re.compile(r"^\| (?P<words>`[^|]+`) \| (?P<instead>[^|]+) \| [^|]+ \|$", re.MULTILINE)
SUFFIXES = (".py", ".md", ".html", ".js", ".css", ".toml", ".csv")

# The words of the field that this project was founded on (more are welcome).
FOUNDING = set(
    """
    entry, leaf, checkpoint, inclusion proof, consistency proof, receipt, pin, witness, participant, custody event,
    bizStep, disposition, read point, lot, batch, SSCC, aggregation, transformation, trace back, trace forward,
    mass balance, recall, lead time, dwell, horizon, backtest, MASE, pinball loss, coverage, service level,
    safety stock, reorder point
    """.strip().replace("\n    ", " ").split(", ")
)  # fmt: skip


def banned_pattern(words: list[str]) -> re.Pattern[str]:
    """Finds the words in any case; a space stands for spaces, hyphens or underscores."""
    spellings = "|".join(re.escape(word).replace(r"\ ", r"[\s_-]+") for word in words)
    return re.compile(rf"(?<![a-z])(?:{spellings})s?(?![a-z])", re.IGNORECASE)


@pytest.fixture(scope="module")
def glossary(root):
    return (root / GLOSSARY).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def terms(glossary):
    return [match["term"] for match in TERM.finditer(glossary)]


@pytest.fixture(scope="module")
def banned(glossary):
    return [word for match in BANNED_ROW.finditer(glossary) for word in re.findall("`([^`]+)`", match["words"])]


def test_founding_words_are_defined(terms):
    assert FOUNDING - set(terms) == set()


def test_every_term_is_defined_once(terms):
    names = [term.lower() for term in terms]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []


def test_every_line_of_the_tables_is_understood(glossary, terms, banned):
    rows = [line for line in glossary.splitlines() if line.startswith("|") and not re.match(r"\| ?(-|:)", line)]
    headers = glossary.count("\n| term |") + glossary.count("\n| not |")
    assert len(rows) == headers + len(terms) + len(BANNED_ROW.findall(glossary))
    assert banned


def test_no_term_is_banned(terms, banned):
    assert [term for term in terms if banned_pattern(banned).search(term)] == []


def test_definitions_use_no_banned_word(glossary, banned):
    assert [match[0] for match in TERM.finditer(glossary) if banned_pattern(banned).search(match[0])] == []


def test_banned_words_are_not_used(root, packages, banned):
    pattern = banned_pattern(banned)
    files = [root / "README.md", root / "CHANGELOG.md", root / "SECURITY.md"]
    for folder in (*packages, "docs"):
        files += [path for path in sorted((root / folder).rglob("*")) if path.suffix in SUFFIXES]
    found = [
        f"{path.relative_to(root)}:{number}: {match[0]}"
        for path in files
        if path.is_file() and path != root / GLOSSARY
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for match in pattern.finditer(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        ("a Back-Test of", True),
        ("back_tests", True),
        ("backtest", False),
        ("scan it back testily", False),
        ("pallet_id", True),
        ("pallet identifiers", False),
    ],
)
def test_banned_words_are_found(text, hit):
    assert bool(banned_pattern(["back test", "pallet id"]).search(text)) is hit
