"""The words of CBV 2.0 in their spellings: bare, URN, web URI and CURIE.

The record holds the bare word of a CBV word and the URI of an own one; XML takes URNs, the event hash web URIs.

>>> BIZ_STEP.bare("urn:epcglobal:cbv:bizstep:shipping"), BIZ_STEP.bare("cbv:BizStep-shipping")
('shipping', 'shipping')
>>> BIZ_STEP.urn("shipping"), BIZ_STEP.web("shipping")
('urn:epcglobal:cbv:bizstep:shipping', 'https://ref.gs1.org/cbv/BizStep-shipping')
"""

from __future__ import annotations

import difflib
import re
from typing import Final

from ledger.chain.errors import Refused
from ledger.custody.vocabulary import DISPOSITIONS, STEPS

# Any URI or CURIE; own words may use a scheme that nobody has registered.
URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>\"{}|\\^`]+")
_WEB: Final = "https://ref.gs1.org/cbv/"
_VOC: Final = "https://ref.gs1.org/voc/"
_REMEMBERED: Final = 4096


class Words:
    """One vocabulary.

    Args:
        name: What it is called in messages.
        words: Its bare words; empty: any simple word may be one.
        urn: What its URNs begin with; empty: it has none, and XML takes the CURIE.
        web: What its web URIs begin with.
        curie: What its CURIEs begin with.
    """

    def __init__(self, name: str, words: frozenset[str], *, urn: str, web: str, curie: str) -> None:
        self.name = name
        self.words = words
        self._urn = urn
        self._web = web
        self._curie = curie
        self._starts = tuple(
            start
            for start in (urn, web, web.replace("https:", "http:"), web.replace("//ref.", "//www."), curie)
            if start
        )
        self._known = {start + word: word for start in ("", *self._starts) for word in words}
        if web.startswith(_VOC):
            self._starts += ("https://gs1.org/voc/",)

    def bare(self, text: str) -> str:
        """Give the bare word, or the URI of an own word.

        Raises:
            Refused: A bare word, or a CBV spelling, that CBV does not have.
        """
        found = self._known.get(text)
        if found is not None:
            return found
        rest = next((text[len(start) :] for start in self._starts if text.startswith(start)), None)
        if not self.words:
            word = rest if rest and ":" not in rest and "/" not in rest else text
            if ":" not in word and not _SIMPLE.fullmatch(word):
                raise Refused(f"{text!r} is no {self.name}")
            return self._remember(text, word)
        # A CURIE under cbv: may be somebody's own word; under the URN and the web prefix of a list it may not.
        if URI.fullmatch(text) and rest is None:
            return self._remember(text, text)
        near = difflib.get_close_matches(rest or text[:80], sorted(self.words), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise Refused(
            f"{text[:200]!r} is no {self.name} of CBV 2.0{hint}",
            remedy="use a CBV word, or the full URI of an own word",
        )

    def _remember(self, text: str, word: str) -> str:
        if len(self._known) < _REMEMBERED:
            self._known[text] = word
        return word

    def web(self, text: str) -> str:
        """Write the web URI of a bare word; anything else as it is."""
        return text if ":" in text else self._web + text

    def urn(self, text: str) -> str:
        """Write a bare word as XML has it; anything else as it is."""
        return text if ":" in text else (self._urn or self._curie) + text


_SIMPLE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_\-]*")
BIZ_STEP: Final = Words(
    "bizStep", STEPS, urn="urn:epcglobal:cbv:bizstep:", web=_WEB + "BizStep-", curie="cbv:BizStep-"
)
DISPOSITION: Final = Words(
    "disposition", DISPOSITIONS, urn="urn:epcglobal:cbv:disp:", web=_WEB + "Disp-", curie="cbv:Disp-"
)
BIZ_TRANSACTION: Final = Words(
    "business transaction type",
    frozenset("bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt".split()),
    urn="urn:epcglobal:cbv:btt:",
    web=_WEB + "BTT-",
    curie="cbv:BTT-",
)
SOURCE_DESTINATION: Final = Words(
    "source or destination type",
    frozenset(("owning_party", "possessing_party", "location")),
    urn="urn:epcglobal:cbv:sdt:",
    web=_WEB + "SDT-",
    curie="cbv:SDT-",
)
ERROR_REASON: Final = Words(
    "error reason",
    frozenset(("did_not_occur", "incorrect_data")),
    urn="urn:epcglobal:cbv:er:",
    web=_WEB + "ER-",
    curie="cbv:ER-",
)
COMPONENT: Final = Words(
    "component",
    frozenset(
        """
        x y z axial_distance azimuth height spherical_radius polar_angle elevation_angle easting northing latitude
        longitude altitude
        """.split()
    ),
    urn="",
    web=_WEB + "Comp-",
    curie="cbv:Comp-",
)
# Measurement and alarm types are words of the GS1 web vocabulary, which grows; any simple word may be one.
SENSOR_TYPE: Final = Words("sensor type", frozenset(), urn="", web=_VOC, curie="gs1:")
EXCEPTION: Final = Words("sensor exception", frozenset(), urn="", web=_VOC, curie="gs1:")
