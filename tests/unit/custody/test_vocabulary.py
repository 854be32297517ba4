# SPDX-License-Identifier: Apache-2.0
import pytest

from ledger.chain.errors import Refused
from ledger.custody import vocabulary
from ledger.custody.vocabulary import is_uri, word


@pytest.mark.parametrize(
    "spelling",
    [
        "shipping",
        "urn:epcglobal:cbv:bizstep:shipping",
        "https://ref.gs1.org/cbv/BizStep-shipping",
        "https://www.gs1.org/voc/BizStep-shipping",
        "http://www.gs1.org/voc/BizStep-shipping",
    ],
)
def test_every_spelling_of_a_step_is_one_word(spelling):
    assert word("step", spelling) == "shipping"


@pytest.mark.parametrize(
    "spelling", ["in_transit", "urn:epcglobal:cbv:disp:in_transit", "https://ref.gs1.org/cbv/Disp-in_transit"]
)
def test_every_spelling_of_a_disposition_is_one_word(spelling):
    assert word("disposition", spelling) == "in_transit"


def test_all_words_come_back_from_all_spellings():
    for step in vocabulary.STEPS:
        assert word("step", f"urn:epcglobal:cbv:bizstep:{step}") == step
        assert word("step", f"https://ref.gs1.org/cbv/BizStep-{step}") == step
    for state in vocabulary.DISPOSITIONS:
        assert word("disposition", f"urn:epcglobal:cbv:disp:{state}") == state
        assert word("disposition", f"https://ref.gs1.org/cbv/Disp-{state}") == state


def test_the_steps_that_mean_more_are_steps():
    groups = (
        vocabulary.CREATING_STEPS,
        vocabulary.ENDING_STEPS,
        vocabulary.PACKING_STEPS,
        vocabulary.UNPACKING_STEPS,
        vocabulary.TAKING_STEPS,
        vocabulary.GIVING_STEPS,
    )
    assert all(group <= vocabulary.STEPS for group in groups)


def test_an_own_word_is_a_uri_and_stays():
    own = "https://acme.example/step/ordering"
    assert word("step", own) == own
    assert word("step", "urn:acme:step:ordering") == "urn:acme:step:ordering"


@pytest.mark.parametrize(
    ("typed", "meant"), [("shiping", "shipping"), ("Shipping", "shipping"), ("stroing", "storing")]
)
def test_a_slip_is_refused_with_what_was_meant(typed, meant):
    with pytest.raises(Refused, match=f"did you mean '{meant}'"):
        word("step", typed)


@pytest.mark.parametrize(
    "text",
    [
        "qqqqqq",
        "ordering",
        "",
        " shipping",
        "shipping ",
        "acme:ordering",
        "urn:epcglobal:cbv:bizstep:nonsense",
        "https://ref.gs1.org/cbv/BizStep-nonsense",
        "https://acme.example/step/two words",
        "in_transit",
    ],
)
def test_what_is_no_word_is_refused(text):
    with pytest.raises(Refused) as caught:
        word("step", text)
    assert repr(text) in str(caught.value)
    assert "[values.step]" in caught.value.remedy


def test_a_word_that_is_unlike_all_gets_no_hint():
    with pytest.raises(Refused) as caught:
        word("disposition", "qqqqqq")
    assert "did you mean" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("https://acme.example/x", True),
        ("urn:uuid:1", True),
        ("URN:epc:id:sgtin:1", True),
        ("did:web:acme.example", True),
        # PRODUCT:LOT is what people type most, and must never pass for a URI.
        ("LETTUCE:24A", False),
        ("lettuce:24A", False),
        ("9521234000037:P26030-MIX", False),
        ("C:/dir", False),
        ("https://a b", False),
        ("urn:", False),
        ("", False),
    ],
)
def test_what_is_a_uri(text, uri):
    assert is_uri(text) is uri
