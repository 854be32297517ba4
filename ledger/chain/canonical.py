"""One value, one sequence of bytes: RFC 8785 with exact decimal numbers.

Key order (UTF-16 code units) and string escapes are those of RFC 8785 (JCS). Numbers differ on purpose:
they keep their exact decimal value in plain notation (no exponent, no trailing zeros, ``-0`` is ``0``),
because a quantity of ``0.1`` must not depend on anybody's binary floating point. Refused at the door:
NaN and infinities, duplicate keys, lone surrogates, NUL, nesting beyond `MAX_DEPTH`, numbers of more than
`MAX_DIGITS` digits or with an exponent beyond `MAX_EXPONENT`.

>>> encode({"b": Decimal("24.00"), "a": [True, None, "é\\n"]})
b'{"a":[true,null,"\\xc3\\xa9\\\\n"],"b":24}'
>>> parse('{"q": 1e2, "z": -0.0}')
{'q': Decimal('1E+2'), 'z': Decimal('-0.0')}
>>> canonicalise('{"q": 1e2, "z": -0.0}')
b'{"q":100,"z":0}'
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from ledger.chain.errors import BadJson

MAX_DEPTH: Final = 128
MAX_DIGITS: Final = 34
MAX_EXPONENT: Final = 34

_PLAIN_INT_LIMIT: Final = 10**MAX_DIGITS
_SENTINEL: Final = "\x00"
_DECIMAL_SENTINEL: Final = re.compile(r'"\\u0000(-?[0-9]+(?:\.[0-9]+)?)"')

# What a decimal number may be after `decimal_text` has passed it.
type_names: Final = {float: "a binary float", bytes: "bytes", tuple: "a tuple", set: "a set"}


def decimal_text(number: Decimal | int) -> str:
    """Write a number exactly, in plain notation.

    Args:
        number: A finite decimal or an integer.

    Raises:
        BadJson: It is not finite, has more than `MAX_DIGITS` significant digits, or its exponent (of the
            coefficient without trailing zeros) lies outside ±`MAX_EXPONENT`.
    """
    if type(number) is int and -_PLAIN_INT_LIMIT < number < _PLAIN_INT_LIMIT:
        return str(number)
    try:
        sign, digits, exponent = Decimal(number).as_tuple()
    except ValueError as error:
        raise BadJson(f"a number is too long: {error}") from None
    if not isinstance(exponent, int):
        raise BadJson(f"a number must be finite, got {number}")
    text = "".join(map(str, digits)).lstrip("0")
    stripped = text.rstrip("0")
    exponent += len(text) - len(stripped)
    if not stripped:
        return "0"
    if len(stripped) > MAX_DIGITS or abs(exponent) > MAX_EXPONENT:
        raise BadJson(
            f"a number has {len(stripped)} digits and exponent {exponent}; "
            f"at most {MAX_DIGITS} digits and an exponent within {MAX_EXPONENT} can be kept exactly"
        )
    if exponent >= 0:
        plain = stripped + "0" * exponent
    elif len(stripped) > -exponent:
        plain = f"{stripped[:exponent]}.{stripped[exponent:]}"
    else:
        plain = f"0.{stripped.rjust(-exponent, '0')}"
    return f"-{plain}" if sign else plain


def _decimal_default(value: object) -> str:
    if type(value) is Decimal:
        return _SENTINEL + decimal_text(value)
    raise BadJson(f"a value of type {type(value).__name__} has no canonical form")


_ENCODER: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_decimal_default
)
_ENCODER_IN_GIVEN_ORDER: Final = json.JSONEncoder(
    sort_keys=False, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_decimal_default
)


def _inspect(value: object, max_depth: int = MAX_DEPTH) -> int:
    """Refuse what has no canonical form; count the decimals (they need a second look when written)."""
    decimals = 0
    level: list[Any] = [value]
    depth = 0
    while level:
        depth += 1
        below: list[Any] = []
        for item in level:
            kind = type(item)
            if kind is str:
                if "\x00" in item:
                    raise BadJson("a string holds the character NUL")
            elif depth > max_depth and kind in (dict, list):
                raise BadJson(f"nested deeper than {max_depth} levels")
            elif kind is dict:
                for key in item:
                    if type(key) is not str:
                        raise BadJson(f"a key must be a string, got {key!r}")
                    if "\x00" in key:
                        raise BadJson("a key holds the character NUL")
                below.extend(item.values())
            elif kind is list:
                below.extend(item)
            elif kind is int:
                if not -_PLAIN_INT_LIMIT < item < _PLAIN_INT_LIMIT:
                    decimal_text(item)
            elif kind is Decimal:
                decimals += 1
            elif item is not None and kind is not bool:
                named = type_names.get(kind, kind.__name__)
                raise BadJson(f"{named} has no canonical form: {item!r}")
        level = below
    return decimals


def _in_utf16_order(value: Any) -> Any:
    """Sort keys by UTF-16 code units, which differs from code points beyond the basic plane."""
    if type(value) is dict:
        ordered = sorted(value.items(), key=lambda pair: pair[0].encode("utf-16-be", "surrogatepass"))
        return {key: _in_utf16_order(item) for key, item in ordered}
    if type(value) is list:
        return [_in_utf16_order(item) for item in value]
    return value


def encode(value: object, *, max_depth: int = MAX_DEPTH) -> bytes:
    """Write the canonical bytes of a value.

    Args:
        value: Built of dict with string keys, list, str, bool, None, int and Decimal.
        max_depth: How deep lists and dicts may nest.

    Raises:
        BadJson: Something in it has no canonical form; binary floats never have one.
    """
    decimals = _inspect(value, max_depth)
    text = _ENCODER.encode(value)
    if not text.isascii() and max(text) > "\uffff":
        text = _ENCODER_IN_GIVEN_ORDER.encode(_in_utf16_order(value))
    if decimals:
        # `_inspect` has refused NUL in every string, so each sentinel is one of ours.
        text = _DECIMAL_SENTINEL.sub(r"\1", text)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise BadJson("a string holds a lone surrogate, which is no character") from None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise BadJson(f"the key {twice!r} stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise BadJson(f"{name} is no JSON number")


def _whole(text: str) -> int:
    number = int(text)
    if len(text) > MAX_DIGITS:
        decimal_text(number)
    return number


def _exact(text: str) -> Decimal:
    number = Decimal(text)
    decimal_text(number)
    return number


# Numbers are judged where they are read, so what is plain text needs no second look.
_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_no_duplicates, parse_float=_exact, parse_int=_whole, parse_constant=_no_constant
)


def decode_bare(decoder: json.JSONDecoder) -> Callable[[str], Any]:
    """Make what reads text as `decoder.decode` does, and is quicker where there is no white space around it."""
    # What `decode` calls between two looks for white space; the type stubs do not know it.
    scan: Callable[[str, int], tuple[Any, int]] = decoder.scan_once  # type: ignore[attr-defined]

    def decode(text: str) -> Any:
        try:
            value, end = scan(text, 0)
        except StopIteration:
            end = -1
        return value if end == len(text) else decoder.decode(text)

    return decode


_decode: Final = decode_bare(_DECODER)


def parse(data: bytes | str, *, max_depth: int = MAX_DEPTH) -> Any:
    """Read JSON text strictly.

    Args:
        data: UTF-8 bytes, or text.
        max_depth: How deep arrays and objects may nest.

    Returns:
        dict, list, str, bool, None, int, and Decimal for every number with a fraction or an exponent.

    Raises:
        BadJson: It is no JSON, or outside the canonical profile.
    """
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        value = _decode(text)
        if "\\" in text or (text is data and not text.isascii()):
            encode(value, max_depth=max_depth)  # what stands unescaped in bytes, UTF-8 has passed
        elif text.count("{") + text.count("[") > max_depth:
            _inspect(value, max_depth)
    except BadJson:
        raise
    except UnicodeDecodeError as error:
        raise BadJson(f"not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise BadJson(f"no JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise BadJson(f"nested deeper than {max_depth} levels") from None
    except (ValueError, InvalidOperation) as error:
        raise BadJson(f"a number is out of range: {error}") from None
    return value


def canonicalise(data: bytes | str) -> bytes:
    """Read JSON text strictly and write its canonical bytes.

    Raises:
        BadJson: As `parse`.
    """
    return encode(parse(data))
