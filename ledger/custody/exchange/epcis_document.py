"""What the readers of EPCIS documents hand over, and the limits that they keep."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.custody.exchange.epcis_check import Fault
from ledger.custody.problems import Problem

# A whole JSON document is held in memory while it is read, an XML document one event at a time.
MAX_DOCUMENT: Final = 512 * 1024 * 1024
MAX_EVENT: Final = 16 * 1024 * 1024
MAX_DEPTH: Final = 60
MAX_VOCABULARY: Final = 1_000_000
DOCUMENTS: Final = ("EPCISDocument", "EPCISQueryDocument", "EPCISMasterDataDocument")
VERSION: Final = re.compile(r"[12](?:\.\d{1,3}){1,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Found:
    """One event that keeps the rules: where it stands in the document, and what it says.

    `line` counts from 1 and is 0 where the format has no lines that help; `where` is a JSON pointer or an XPath.
    """

    body: dict[str, Any]
    line: int
    where: str


@dataclass(frozen=True, slots=True)
class VocabularyElement:
    """A piece of master data: an element of a vocabulary and its attributes (EPCIS 2.0 section 9.4).

    Args:
        vocabulary: The type, as ``urn:epcglobal:epcis:vtype:Location``.
        id: The identifier that events use.
        attributes: Pairs of attribute id and value, in the order of the document; a value may be an object.
        children: Identifiers of the elements that belong to this one.
    """

    vocabulary: str
    id: str
    attributes: tuple[tuple[str, Any], ...] = ()
    children: tuple[str, ...] = ()


@dataclass
class MasterData:
    """The master data of the documents that were read, in their order; filled while they are read.

    `statement` is the transaction statement of the DSCSA and `sender` whom the header names, both in the words of
    the document.
    """

    elements: list[VocabularyElement] = field(default_factory=list)
    statement: dict[str, str] = field(default_factory=dict)
    sender: str = ""

    def add(self, element: VocabularyElement) -> None:
        """Keep an element, up to a number that no honest header reaches."""
        if len(self.elements) < MAX_VOCABULARY:
            self.elements.append(element)


class DocumentFault(Exception):
    """The document cannot be read on from here."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.reason)
        self.problem = problem


def problem_of(fault: Fault, file: str, line: int, where: str) -> Problem:
    """Make a problem of a fault; `where` is the whole path, from the document down."""
    return Problem(file, line, where, fault.reason, fault.remedy)
