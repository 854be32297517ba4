"""The words of the Core Business Vocabulary (CBV 2.0), and the forms in which they arrive.

One word has three spellings: bare (`shipping`), URN (`urn:epcglobal:cbv:bizstep:shipping`) and web URI
(`https://ref.gs1.org/cbv/BizStep-shipping`). All are taken; the bare one is kept. Own words are full URIs.

>>> word("step", "urn:epcglobal:cbv:bizstep:shipping")
'shipping'
>>> word("step", "https://acme.example/step/ordering")
'https://acme.example/step/ordering'
"""

from __future__ import annotations

import difflib
import re
from typing import Final, Literal

from ledger.chain.errors import Refused

Vocabulary = Literal["step", "disposition"]

STEPS: Final = frozenset(
    """
    accepting arriving assembling collecting commissioning consigning creating_class_instance cycle_counting
    decommissioning departing destroying disassembling dispensing encoding entering_exiting holding
    inspecting installing killing loading other packing picking receiving removing repackaging repairing
    replacing reserving retail_selling sampling sensor_reporting shipping staging_outbound stock_taking
    stocking storing transporting unloading unpacking void_shipping
    """.split()
)
DISPOSITIONS: Final = frozenset(
    """
    active available completeness_inferred completeness_verified conformant container_closed container_open
    damaged destroyed dispensed disposed encoded expired in_progress in_transit inactive mismatch_class
    mismatch_instance mismatch_quantity needs_replacement no_pedigree_match non_conformant
    non_sellable_other partially_dispensed recalled reserved retail_sold returned sellable_accessible
    sellable_not_accessible stolen unavailable unknown
    """.split()
)

# Steps that bring a thing into being or end it (CBV 2.0 section 7.1), and so set the action of an ObjectEvent.
CREATING_STEPS: Final = frozenset({"commissioning", "creating_class_instance"})
ENDING_STEPS: Final = frozenset({"decommissioning", "destroying"})
PACKING_STEPS: Final = frozenset({"packing", "loading"})
UNPACKING_STEPS: Final = frozenset({"unpacking", "unloading"})
ASSOCIATING_STEPS: Final = frozenset({"assembling", "installing"})
DISSOCIATING_STEPS: Final = frozenset({"disassembling", "removing"})
# Steps after which the party named with the event has the goods; before all others it had them.
TAKING_STEPS: Final = frozenset({"receiving", "accepting", "arriving"})
GIVING_STEPS: Final = frozenset({"shipping", "departing", "consigning"})

_WORDS: Final = {"step": STEPS, "disposition": DISPOSITIONS}
_URN: Final = {"step": "urn:epcglobal:cbv:bizstep:", "disposition": "urn:epcglobal:cbv:disp:"}
_WEB: Final = {
    "step": re.compile(r"https?://(?:ref\.gs1\.org|www\.gs1\.org)/(?:cbv|voc)/BizStep-([a-z_]+)"),
    "disposition": re.compile(r"https?://(?:ref\.gs1\.org|www\.gs1\.org)/(?:cbv|voc)/Disp-([a-z_]+)"),
}
# LETTUCE:24A is a product and its lot, so a colon alone makes no URI: there is an authority, or a scheme of names.
_URI: Final = re.compile(r"(?:[a-z][a-z0-9+.-]+://|(?:urn|did|tag|ni|info):)[^\s]+", re.IGNORECASE)


def is_uri(text: str) -> bool:
    """Tell whether a text is an absolute URI: ``scheme://...``, or a name such as ``urn:...``; no white space."""
    return bool(_URI.fullmatch(text))


def word(vocabulary: Vocabulary, text: str) -> str:
    """Read a word in any spelling; give the bare CBV word, or the URI of an own word.

    Raises:
        Refused: A bare word, or a CBV spelling, that CBV does not have.
    """
    words = _WORDS[vocabulary]
    if text in words:
        return text
    bare = text.removeprefix(_URN[vocabulary])
    if match := _WEB[vocabulary].fullmatch(text):
        bare = match[1]
    if bare in words:
        return bare
    if bare == text and is_uri(text):
        return text
    near = difflib.get_close_matches(bare, sorted(words), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise Refused(
        f"{text!r} is no CBV {vocabulary}{hint}",
        remedy=f"use a CBV word, a full URI, or declare it in the map file under [values.{vocabulary}]",
    )
