"""Find out whether a file is an EPCIS document, and read it: XML or JSON, plain or gzipped."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from io import BufferedReader
from pathlib import PurePath
from typing import Any, Final

from ledger.custody.exchange.epcis_document import MAX_DOCUMENT, DocumentFault, Found, MasterData
from ledger.custody.problems import Problem

_GZIP: Final = b"\x1f\x8b"
_XML_NAMES: Final = frozenset({".xml"})
_JSON_NAMES: Final = frozenset({".json", ".jsonld"})
_CHUNK: Final = 1 << 20
_BLANK: Final = b" \t\r\n"


def is_epcis(stream: BufferedReader, name: str) -> bool:
    """Tell by its name, or by how it begins, whether a file is XML or JSON; nothing is read from the stream."""
    return _suffix(name) in _XML_NAMES | _JSON_NAMES or _form(stream.peek(512)[:512]) != ""


def read_epcis(
    stream: BufferedReader, name: str, master: MasterData, *, strict: bool = True
) -> Iterator[Found | Problem]:
    """Read the events of an EPCIS document, in its order, and what is wrong with it.

    Args:
        stream: The bytes, at their beginning; a pipe will do.
        name: What the file is called in messages; a suffix decides where the content does not.
        master: Takes the master data of the header.
        strict: Judge each event; else take whatever has the shape of one.
    """
    gzipped = stream.peek(2)[:2] == _GZIP
    source: Any = gzip.GzipFile(fileobj=stream) if gzipped else stream
    reader = BufferedReader(source) if gzipped else stream
    try:
        form = _form(reader.peek(512)[:512]) or ("xml" if _suffix(name) in _XML_NAMES else "json")
        if form == "xml":
            from ledger.custody.exchange.epcis_xml import read_xml

            yield from read_xml(reader, name, master, strict=strict)
        else:
            from ledger.custody.exchange.epcis_json import read_json

            # A read of so much at once would take the memory before it knows how much there is.
            pieces = iter(lambda: reader.read(_CHUNK), b"")
            data = bytearray()
            while len(data) <= MAX_DOCUMENT and (piece := next(pieces, b"")):
                data += piece
            if len(data) > MAX_DOCUMENT:
                reason = f"a JSON document may have {MAX_DOCUMENT // 1024 // 1024} MiB"
                raise DocumentFault(Problem(name, 0, "", reason, "split it, or send it as XML"))
            yield from read_json(bytes(data), name, master, strict=strict)
    except DocumentFault as fault:
        yield fault.problem
    except EOFError:
        yield Problem(name, 0, "", "the gzip file is cut off")
    except (gzip.BadGzipFile, zlib.error) as error:
        yield Problem(name, 0, "", f"the file is damaged: {error}")


def _suffix(name: str) -> str:
    path = PurePath(name)
    return (PurePath(path.stem).suffix if path.suffix == ".gz" else path.suffix).lower()


def _form(head: bytes) -> str:
    """Tell XML from JSON by how it begins; empty: it is neither, as far as can be seen."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "xml"
    first = head.removeprefix(b"\xef\xbb\xbf").lstrip(_BLANK)[:1]
    return {b"<": "xml", b"{": "json"}.get(first, "")
