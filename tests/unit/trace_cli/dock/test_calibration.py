# SPDX-License-Identifier: Apache-2.0
"""Simulated scanners, each misbehaving in one way or several: told apart, and mended only where that is safe."""

import itertools

import pytest

from trace_cli.dock.calibration import FIRST, SECOND, SET_82, diagnose
from trace_cli.dock.layouts import DEAD, layout
from trace_cli.dock.profile import Profile, load_profile
from trace_cli.dock.reader import Read

LABEL = f"]d2{FIRST}\x1d{SECOND}"
CODE = "]d20109521234543213" + "10AB-c/9'Z\"" + "\x1d" + "2112345"


def arrive(text, *, gs="\x1d", country="us", caps=False, prefix="", suffix=True, accents=False):
    """What a computer receives from a scanner that sends a text."""
    keys = layout(country)
    out = ""
    for char in prefix + text:
        if char == "\x1d":
            out += gs
            continue
        arrived = keys.get(char, char)
        if arrived == DEAD:
            arrived = "´" if accents else ""
        out += arrived.swapcase() if caps and len(arrived.swapcase()) <= 1 else arrived
    return Read(out.encode(), "scanned", "line" if suffix else "silence")


ONE = {
    "gs_lost": {"gs": ""},
    "gs_mapped": {"gs": "~"},
    "layout_fr": {"country": "fr"},
    "layout_de": {"country": "de"},
    "layout_uk": {"country": "uk"},
    "no_suffix": {"suffix": False},
    "prefix": {"prefix": "#7#"},
    "caps_lock": {"caps": True},
}
MENDED = {"gs_mapped", "layout_fr", "layout_uk", "no_suffix"}


def test_a_good_scanner():
    for sent in (LABEL, LABEL[3:], "]Q3" + LABEL[3:]):
        found = diagnose(arrive(sent))
        assert found.is_good
        assert found.profile == Profile()


@pytest.mark.parametrize("kind", ONE)
def test_each_of_the_eight_is_told_apart(kind):
    found = diagnose(arrive(LABEL, **ONE[kind]))
    assert [finding.kind for finding in found.findings] == [kind]
    assert found.recognised
    assert found.findings[0].remedy


@pytest.mark.parametrize("kind", sorted(MENDED | {"prefix"}))
def test_what_can_be_mended_is(kind, tmp_path):
    """The saved profile gives a code as the scanner meant it."""
    sent = CODE[3:] if kind == "prefix" else CODE
    found = diagnose(arrive(LABEL[3:] if kind == "prefix" else LABEL, **ONE[kind]))
    assert found.is_usable
    path = tmp_path / "scanner.toml"
    path.write_text(found.profile.toml(), encoding="utf-8")
    profile = load_profile(path)
    assert profile == found.profile
    assert profile.mend(arrive(sent, **ONE[kind]).raw).decode() == sent


@pytest.mark.parametrize("kind", ["gs_lost", "layout_de", "caps_lock"])
def test_what_would_be_a_guess_is_not_mended(kind):
    found = diagnose(arrive(LABEL, **ONE[kind]))
    assert not found.is_usable
    assert not found.findings[0].mended
    assert not found.profile.characters


@pytest.mark.parametrize(
    ("gs", "safe"),
    [(gs, True) for gs in ("~", "|", "^", "#", "{GS}", "\x1b[B", "\x1e")] + [("<GS>", False), ("-", False)],
)
def test_what_stands_for_the_separator(gs, safe):
    found = diagnose(arrive(LABEL, gs=gs))
    assert [finding.kind for finding in found.findings] == ["gs_mapped"]
    assert found.is_usable is safe
    assert (found.profile.mend(arrive(CODE, gs=gs).raw).decode() == CODE) is safe


# two that want the same setting, like two layouts, exclude each other
PAIRS = [pair for pair in itertools.combinations(sorted(ONE), 2) if ONE[pair[0]].keys().isdisjoint(ONE[pair[1]])]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_at_once(one, other):
    found = diagnose(arrive(LABEL, **ONE[one], **ONE[other]))
    assert {finding.kind for finding in found.findings} == {one, other}


@pytest.mark.parametrize("accents", [True, False])
def test_german_dead_keys(accents):
    found = diagnose(arrive(LABEL, country="de", accents=accents))
    assert [finding.kind for finding in found.findings] == ["layout_de"]


@pytest.mark.parametrize(
    "raw", [b"", b"952132112345678902", LABEL.encode()[:60], LABEL.upper().encode(), b"\xff" * 99]
)
def test_what_is_no_label(raw):
    found = diagnose(Read(raw, "scanned", "line"))
    assert not found.recognised
    assert not found.is_usable


def test_layouts_lose_no_character_unseen():
    for name in ("fr", "uk"):
        keys = layout(name)
        arrived = [keys.get(char, char) for char in SET_82]
        assert DEAD not in arrived
        assert len(set(arrived)) == len(SET_82)


def test_an_unreadable_profile(tmp_path):
    from trace_cli.errors import CommandError

    for text in ("gs = 5", "gs = 'zz'", "what = 1", "suffix = 'maybe'", "[map]\n'61' = 'g'", "="):
        (tmp_path / "p.toml").write_text(text)
        with pytest.raises(CommandError):
            load_profile(tmp_path / "p.toml")
    with pytest.raises(CommandError):
        load_profile(tmp_path / "absent.toml")
