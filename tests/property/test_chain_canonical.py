# SPDX-License-Identifier: Apache-2.0
"""Laws of canonical JSON, over generated values."""

import json
import re
from decimal import Decimal

import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ledger.chain.canonical import MAX_DEPTH, canonicalise, decimal_text, decode_bare, encode, parse
from ledger.chain.entry import draft, entry_bytes, is_plain_event, parse_entry
from ledger.chain.errors import BadJson

steady = settings(derandomize=True, max_examples=150, deadline=None)

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
tricky_texts = texts | st.sampled_from(["\\u0000" + "12", '"\\u0000"12', "\uffff", "\U00010000", "\ue000", "é\n"])
whole = st.integers(-(10**34) + 1, 10**34 - 1)
decimals = st.builds(
    lambda sign, digits, exponent: Decimal((sign, tuple(digits), exponent)),
    st.integers(0, 1),
    st.lists(st.integers(0, 9), min_size=1, max_size=34),
    st.integers(-34, 0),
)


def values_of(*numbers):
    leaves = st.none() | st.booleans() | tricky_texts | st.one_of(*numbers)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(tricky_texts, inner, max_size=4),
        max_leaves=12,
    )


def nested(depth, innermost):
    for _ in range(depth):
        innermost = [innermost]
    return innermost


@steady
@given(values_of(whole, decimals))
def test_reading_what_was_written_gives_an_equal_value(value):
    assert parse(encode(value)) == value


@steady
@given(values_of(whole, decimals))
def test_canonical_bytes_are_their_own_canonical_bytes(value):
    data = encode(value)
    assert canonicalise(data) == data == canonicalise(data.decode())
    assert encode(parse(data)) == data


@steady
@given(values_of(whole), st.randoms(use_true_random=False))
def test_neither_key_order_nor_white_space_nor_escapes_matter(value, random):
    def shuffled(item):
        if isinstance(item, dict):
            pairs = list(item.items())
            random.shuffle(pairs)
            return {key: shuffled(inner) for key, inner in pairs}
        return [shuffled(inner) for inner in item] if isinstance(item, list) else item

    assert canonicalise(json.dumps(shuffled(value), indent=1, ensure_ascii=True)) == encode(value)


@steady
@given(values_of(st.integers(-(2**53) + 1, 2**53 - 1)))
@example({"\U00010000": 1, "\uffff": 2, "\ue000": [], "z": {"\U0001f600": 0, "\ufb33": 1}})
def test_inside_its_domain_rfc_8785_says_the_same(value):
    assert encode(value) == rfc8785.dumps(value)


@steady
@given(decimals)
def test_a_decimal_keeps_its_exact_value_in_plain_notation(number):
    text = decimal_text(number)
    assert Decimal(text) == number
    assert "E" not in text
    assert text.lstrip("-") == "0" or not text.lstrip("-").startswith(("00", "."))
    assert "." not in text or text[-1] not in "0."
    assert number != 0 or text == "0"
    assert canonicalise(str(number)) == text.encode()


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("24.00", "24"),
        ("-0.0", "0"),
        ("1E+2", "100"),
        ("-1.50", "-1.5"),
        ("1E-34", "0." + "0" * 33 + "1"),
        ("1E+34", "1" + "0" * 34),
        ("9" * 34, "9" * 34),
        ("0E+40", "0"),
        ("0.1", "0.1"),
    ],
)
def test_decimal_text_by_example(number, text):
    assert decimal_text(Decimal(number)) == text


@pytest.mark.parametrize("number", ["1E+35", "1E-35", "9" * 35, "NaN", "sNaN", "-Infinity", "1E+999999"])
def test_numbers_out_of_range_are_refused(number):
    with pytest.raises(BadJson):
        decimal_text(Decimal(number))
    with pytest.raises(BadJson):
        encode([Decimal(number)])
    with pytest.raises(BadJson):
        parse(number)


@pytest.mark.parametrize("number", [10**35, -(10**5000), int("9" * 35)], ids=["1", "2", "3"])
def test_whole_numbers_out_of_range_are_refused(number):
    with pytest.raises(BadJson):
        encode({"q": number})


@pytest.mark.parametrize(
    "text", ["1E+99999999999999999999999", "9" * 5000, "0E-99999999999999999999", "1e1000000"]
)
def test_absurd_numbers_in_text_are_refused(text):
    with pytest.raises(BadJson):
        parse(text)


@pytest.mark.parametrize(
    "value",
    [1.5, b"x", (1,), {1}, {1: 2}, {None: 1}, "\0", {"\0": 1}, "\ud800", {"\udfff": 1}, object(), float("nan")],
    ids=lambda value: re.sub(" at 0x.*", "", repr(value)),  # a place in memory would differ by process
)
def test_what_has_no_canonical_form_is_refused(value):
    for whole_value in (value, [value], {"a": value}):
        with pytest.raises(BadJson):
            encode(whole_value)


@pytest.mark.parametrize("innermost", [1, "x", [], {}])
def test_nesting_is_bounded_by_containers(innermost):
    inside = 1 if isinstance(innermost, (list, dict)) else 0
    deepest, deeper = (nested(MAX_DEPTH - inside + more, innermost) for more in (0, 1))
    assert parse(encode(deepest)) == deepest
    for refuse in (
        lambda: encode(deeper),
        lambda: parse(json.dumps(deeper)),
        lambda: parse(json.dumps([deeper, "é"])),
    ):
        with pytest.raises(BadJson, match="nested deeper"):
            refuse()


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}',
        '{"a":1,"b":{"c":0,"c":1}}',
        '[{"a":1,"\\u0061":2}]',
        '{"":1,"":2}',
        "NaN",
        "[Infinity]",
        "-Infinity",
        "",
        " ",
        "{} {}",
        "[1,]",
        "{'a':1}",
        "01",
        "1.",
        ".5",
        "+1",
        '"\t"',
        "[1]\x00",
        "nul",
    ],
)
def test_what_is_not_strict_json_is_refused(text):
    with pytest.raises(BadJson):
        parse(text)
    with pytest.raises(BadJson):
        canonicalise(text.encode())


def test_absurd_nesting_is_refused():
    for text in ("[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000):
        with pytest.raises(BadJson):
            parse(text)


@settings(steady, max_examples=400)
@given(st.binary(max_size=60) | st.text(st.characters(), max_size=40))
@example(b"\xef\xbb\xbf{}")
@example("\ufeff{}")
@example("\ud800")
@example('"\\ud800"')
def test_arbitrary_input_gives_a_value_or_bad_json(data):
    try:
        value = parse(data)
    except BadJson:
        return
    assert parse(encode(value)) == value


json_like = st.text(st.sampled_from(list('[]{}",:.\\u0189eE+-truefalsn dx\n\x7f')), max_size=30)


@settings(steady, max_examples=600)
@given(json_like)
def test_nearly_json_gives_a_value_that_python_reads_too_or_bad_json(text):
    try:
        value = parse(text)
    except BadJson:
        return
    assert json.loads(text, parse_float=Decimal) == value


@steady
@given(values_of(whole, decimals), texts, st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_an_entry_reads_back_as_it_was_drawn(body, by, seq, prev):
    drawn = draft("event", body, by=by, via="typed")
    data = entry_bytes(prev, seq, drawn, "2026-03-01T08:15:00.123Z")
    entry = parse_entry(data)
    assert (entry.seq, entry.prev, entry.body, entry.by) == (seq, prev, body, by)
    assert (entry.kind, entry.rec, entry.via) == ("event", "2026-03-01T08:15:00.123Z", "typed")
    assert canonicalise(data) == data
    assert is_plain_event(data)
    assert not is_plain_event(entry_bytes(prev, seq, draft("key", body, by=by, via="imported"), entry.rec))


@pytest.mark.parametrize("kind", ["k", "key", "master", "decision", "event"])
@pytest.mark.parametrize("via", ["piped", "scanned", "imported"])
def test_a_payload_cannot_pass_for_the_kind_of_its_entry(kind, via):
    shown = {"kind": "event", "rec": "2026-03-01T08:15:00.123Z", "via": "typed"}
    for body, by in (
        (shown, "x"),
        ("x", encode(shown).decode()),
        (shown, ""),
        ([shown], '","kind":"event","rec":"'),
    ):
        drawn = draft(kind, body, by=by, via=via)
        data = entry_bytes(bytes(32), 7, drawn, "2026-03-01T08:15:00.123Z")
        assert is_plain_event(data) == (kind == "event") == (parse_entry(data).kind == "event")


def test_the_deepest_body_makes_an_entry_that_can_be_read():
    body = nested(MAX_DEPTH, 1)
    data = entry_bytes(bytes(32), 0, draft("event", body, by="x", via="typed"), "2026-03-01T08:15:00.123Z")
    assert parse_entry(data).body == body
    with pytest.raises(BadJson):
        draft("event", [body], by="x", via="typed")
    with pytest.raises(BadJson):
        parse_entry(data.replace(b"[1]", b"[[1]]"))


@settings(steady, max_examples=300)
@given(st.binary(max_size=80))
def test_arbitrary_bytes_are_an_entry_or_bad_json(data):
    with pytest.raises(BadJson):
        parse_entry(data)


@steady
@given(
    st.text('{}[]":, \n\t\r\\1aé\x00\ud800', max_size=14)
    | values_of(whole, decimals).map(lambda v: encode(v).decode())
)
@example('{"a":1,"a":1}')
@example(' {"a":1}')
@example("")
def test_text_without_margins_is_read_as_all_text(text):
    """What is quicker where no white space surrounds a value gives the same value, or the same error."""

    def told(read):
        try:
            return read(text)
        except (ValueError, BadJson) as error:
            return type(error), str(error)

    strict = json.JSONDecoder(parse_float=Decimal)
    assert told(decode_bare(strict)) == told(strict.decode)


@steady
@given(values_of(whole, decimals))
def test_bytes_and_text_are_read_alike(value):
    """Of bytes, UTF-8 has passed what stands unescaped; text may still hold what is no character."""
    data = encode(value)
    assert parse(data) == parse(data.decode())
    for broken in ('"\ud800"', '{"\udfff":1}', '["é\ud800"]'):
        with pytest.raises(BadJson, match="surrogate"):
            parse(broken)
        with pytest.raises(BadJson, match="UTF-8"):
            parse(broken.encode("utf-8", "surrogatepass"))
