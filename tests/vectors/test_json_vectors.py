# SPDX-License-Identifier: Apache-2.0
"""Published JSON vectors against `canonical`: JSONTestSuite and the test data of RFC 8785."""

import base64

from ledger.chain.canonical import canonicalise, parse
from ledger.chain.errors import BadJson

# Valid JSON that is refused on purpose.
REFUSED_ON_PURPOSE = {
    "y_number_real_fraction_exponent.json": "its exponent is beyond 34: no quantity is that large",
    "y_object_duplicated_key_and_value.json": "a duplicate key: readers disagree about which one counts",
    "y_object_duplicated_key.json": "a duplicate key: readers disagree about which one counts",
    "y_string_null_escape.json": "NUL in a string",
}

# Numbers whose canonical form is not the one of RFC 8785, because their exact value is kept.
EXACT_ON_PURPOSE = {
    "values": (
        b"[333333333.3333333,1e+30,4.5,0.002,1e-27]",
        b"[333333333.33333329,1000000000000000000000000000000,4.5,0.002,0.000000000000000000000000001]",
    )
}

# What `test_transform` files turn into: None is a refusal.
TRANSFORMED = {
    "number_-9223372036854775809.json": b"[-9223372036854775809]",
    "number_9223372036854775807.json": b"[9223372036854775807]",
    "number_9223372036854775808.json": b"[9223372036854775808]",
    "number_10000000000000000999.json": b"[10000000000000000999]",
    "number_1000000000000000.json": b"[1000000000000000]",
    "number_1.0.json": b"[1]",
    "number_1.000000000000000005.json": b"[1.000000000000000005]",
    "number_1e6.json": b"[1000000]",
    "number_1e-999.json": None,
    "object_same_key_unclear_values.json": None,
    "object_same_key_same_value.json": None,
    "object_same_key_different_values.json": None,
    "string_1_escaped_invalid_codepoint.json": None,
    "string_1_invalid_codepoint.json": None,
    "string_2_escaped_invalid_codepoints.json": None,
    "string_2_invalid_codepoints.json": None,
    "string_3_escaped_invalid_codepoints.json": None,
    "string_3_invalid_codepoints.json": None,
    "string_with_escaped_NULL.json": None,
}


def canonical_or_none(data):
    try:
        return canonicalise(data)
    except BadJson:
        return None


def parses(data):
    """Tell whether it parses; anything but a value or `BadJson` is a failure of the test itself."""
    try:
        parse(data)
    except BadJson:
        return False
    return True


def suite(vectors, folder):
    return {
        case["path"].removeprefix(f"{folder}/"): base64.b64decode(case["b64"])
        for case in vectors("json_parsing_suite.json")
        if case["path"].startswith(f"{folder}/")
    }


def test_valid_json_parses_but_for_named_exceptions(vectors):
    cases = {name: data for name, data in suite(vectors, "test_parsing").items() if name.startswith("y_")}
    refused = {name for name, data in cases.items() if not parses(data)}
    assert len(cases) > 30
    assert refused == {name for name in REFUSED_ON_PURPOSE if name in cases}


def test_invalid_json_is_refused(vectors):
    cases = {name: data for name, data in suite(vectors, "test_parsing").items() if name.startswith("n_")}
    assert len(cases) > 50
    assert [name for name, data in cases.items() if parses(data)] == []


def test_undecided_json_gives_a_value_or_a_refusal(vectors):
    cases = {name: data for name, data in suite(vectors, "test_parsing").items() if name.startswith("i_")}
    kept = {name for name, data in cases.items() if parses(data)}
    # Whole numbers of up to 34 digits are kept exactly; nothing else that is undecided gets in.
    assert all("_int" in name for name in kept), kept
    assert cases


def test_tricky_numbers_and_keys_are_exact_or_refused(vectors):
    cases = suite(vectors, "test_transform")
    listed = {name: TRANSFORMED[name] for name in cases if name in TRANSFORMED}
    assert {name: canonical_or_none(cases[name]) for name in listed} == listed
    others = {name: canonical_or_none(data) for name, data in cases.items() if name not in TRANSFORMED}
    assert all(data is None or canonicalise(data) == data for data in others.values())
    assert len(listed) >= 5


def test_rfc_8785_test_data(vectors):
    cases = vectors("jcs_testdata.json")
    for case in cases:
        expected = base64.b64decode(case["output_b64"])
        if case["name"] in EXACT_ON_PURPOSE:
            theirs, ours = EXACT_ON_PURPOSE[case["name"]]
            assert theirs in expected
            expected = expected.replace(theirs, ours)
        assert canonicalise(base64.b64decode(case["input_b64"])) == expected, case["name"]
    assert len(cases) >= 3
