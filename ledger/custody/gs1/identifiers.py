"""Application identifiers (AIs): what each may hold, what it needs and bars, its place in a Digital Link.

The facts are those of the GS1 Barcode Syntax Dictionary and GS1 General Specifications section 3; the form is
our own. One row is one AI or several that are alike: `AIs | marks | parts | needs | bars | path`.

* AIs: `310*6` is 3100 to 3105, one for each number of decimals.
* marks: `f`, the length is predefined, so no separator follows; `a`, may be a data attribute of a Digital Link.
* parts: type and length, then its rules: `n` digits, `x` set 82, `y` set 39, `z` base64url; `x-20` is 1 to 20;
  `?` may be left out.
* needs: one of these must be there too; `01+21` is both.
* bars: none of these may be there. `n` is any digit, `~` stands for the row's own AIs of other decimals.
* path: `key` begins a Digital Link, then its qualifiers in their order, alternatives apart by `/`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

_GOODS: Final = "01,02,03,8006,8026"
_NET: Final = "30,31nn,32nn,35nn,36nn"
_TABLE: Final = f"""
00|fa|n18 csum gcppos2|||key
01|fa|n14 csum gcppos2||255,37|key 22 10 21/235
02|fa|n14 csum gcppos2|37|01,03|
03|f|n14 csum gcppos2||01,02,37,235|
10|a|x-20|{_GOODS}||
11 13 15 16|fa|n6 yymmd0|{_GOODS}||
12|fa|n6 yymmd0|8020||
17|fa|n6 yymmd0|255,{_GOODS}||
20|fa|n2|{_GOODS}||
21||x-20|01,03,8006|235|
22||x-20|01||
235||x-28|01||
240 241|a|x-30|{_GOODS}||
242|a|n-6|01,02,8006,8026||
243|a|x-20|01,03||
250|a|x-30|01+21,03+21,8006+21||
251|a|x-30|01,03,8006||
253|a|n13 csum gcppos1 x-17?|||key
254||x-20|414||
255|a|n13 csum gcppos1 n-12?||01,02,415,8006,8020,8026|key
30|a|n-8|01,02||
310*6 311*6 312*6 313*6 314*6 315*6 316*6 320*6|fa|n6|01,02|~|
321*6 322*6 323*6 324*6 325*6 326*6 327*6 328*6 329*6|fa|n6|01,02|~|
350*6 351*6 352*6 356*6 357*6 360*6 361*6 364*6 365*6 366*6|fa|n6|01,02|~|
330*6 331*6 332*6 333*6 334*6 335*6 336*6 340*6|fa|n6|00,01|~|
341*6 342*6 343*6 344*6 345*6 346*6 347*6 348*6 349*6|fa|n6|00,01|~|
353*6 354*6 355*6 362*6 363*6 367*6 368*6 369*6|fa|n6|00,01|~|
337*6|fa|n6|01|~|
37|a|n-8|00+02,00+8026||
390*10|a|n-15|255,8020|390n,391n,394n,8111|
391*10|a|n3 iso4217 n-15|8020|391n|
392*10|a|n-15|01+30,01+31nn,01+32nn,01+35nn,01+36nn|392n,393n|
393*10|a|n3 iso4217 n-15|{_NET}|393n|
394*4|a|n4|255|394n,8111|
395*6|a|n6|{_NET}|392n,393n,395n,8005|
400|a|x-30|||
401|a|x-30 gcppos1|||key
402|a|n17 csum gcppos1|||key
403|a|x-30|00||
410 411 412 413 416|fa|n13 csum gcppos1|||
414|fa|n13 csum gcppos1|||key 254/7040
415|fa|n13 csum gcppos1|8020||key 8020
417|fa|n13 csum gcppos1|||key 7040
420|a|x-20||421|
421|a|n3 iso3166 x-9||4307|
422|a|n3 iso3166|{_GOODS}|426|
423 425|a|n3 iso3166 n3? iso3166 n3? iso3166 n3? iso3166 n3? iso3166|01,02,03|426|
424|a|n3 iso3166|01,02,03|426|
426|a|n3 iso3166|01,02,03||
427|a|x-3|01+422,02+422,03+422||
4300 4301 4310 4311 4320|a|x-35 pcenc|00||
4302 4304 4305 4306 4312 4314 4315 4316|a|x-70 pcenc|00||
4303|a|x-70 pcenc|4302||
4313|a|x-70 pcenc|4312||
4307 4317|a|x2 iso3166alpha2|00||
4308 4319|a|x-30|00||
4309|a|n10 latitude n10 longitude|00||
4318|a|x-20|00||
4321 4322 4323|a|n1 yesno|00||
4324 4325|a|n6 yymmd0 n4 hhmi|00||
4326|a|n6 yymmdd|00||
4330|a|n6 x1? hyphen|00|4331|
4331|a|n6 x1? hyphen|00|4330|
4332|a|n6 x1? hyphen|00|4333|
4333|a|n6 x1? hyphen|00|4332|
7001|a|n13|01,02,8006,8026||
7002|a|x-30|01,02||
7003|a|n6 yymmdd n4 hhmi|01,02,03||
7004|a|n-4|01+10,03+10||
7005|a|x-12|01,02||
7006|a|n6 yymmdd|01,02||
7007|a|n6 yymmdd n6? yymmdd|01,02||
7008|a|x-3|01,02||
7009|a|x-10|01,02||
7010|a|x-2|01,02,03||
7011|a|n6 yymmdd n4? hhmi|01,02,03||
7020|a|x-20|01+416,03+416,8006+416||
7021|a|x-20|01,03,8006||
7022|a|x-20|01+7021,03+7021,8006+7021||
7023|a|x-30 gcppos1|||
703*10|a|n3 iso3166999 x-27|01,02||
7040||n1 x1 x1 x1 importeridx|||
7041||x-4 packagetype|00||
710 711 712 713 714 715 716 717|a|x-20|01||
723*10|a|x2 x-28|01,8004||
7240|a|x-20|01,8006|03|
7241|a|n2 mediatype|8017,8018||
7242|a|x-25|8017,8018||
7250|a|n8 yyyymmdd|8018|7251|
7251|a|n8 yyyymmdd n4 hhmi|8018|7250|
7252|a|n1 iso5218|8018||
7253 7254|a|x-40 pcenc|8017,8018|7256,7259|
7255|a|x-10|8017,8018|7256,7259|
7256|a|x-90 pcenc|8017,8018||
7257|a|x-70 pcenc|8018||
7258|a|x3 posinseqslash|8018+7259||
7259|a|x-40 pcenc|8018|7256|
8001|a|n4 nonzero n5 nonzero n3 nonzero n1 winding n1|01||
8002|a|x-20|||
8003|a|n1 zero n13 csum gcppos1 x-16?|||key
8004|a|x-30 gcppos1|||key 7040
8005|a|n6|01,02||
8006|a|n14 csum gcppos2 n4 pieceoftotal||01,03,37|key 22 10 21
8007|a|x-34 iban|415||
8008|a|n6 yymmdd n2 hh n2? mi n2? ss|01,02,03||
8009|a|x-50|00,01,03||
8010|a|y-30 gcppos1|||key 8011
8011||n-12 nozeroprefix|8010||
8012|a|x-20|01,03,8006||
8013|a|x-25 csumalpha gcppos1|||key
8014||x-25 csumalpha gcppos1 hasnondigit|01||
8017|a|n18 csum gcppos1||8018|key 8019
8018|a|n18 csum gcppos1||8017|key 8019
8019||n-10|8017,8018||
8020||x-25|415||
8026|a|n14 csum gcppos2 n4 pieceoftotal|37|02,03,8006|
8030|a|z-90|00,01+21,03+21,253,255,8003,8004,8006+21,8010+8011,8017,8018||
8040||n15|01+21||
8041||n15|01+21+8040||
8042||n32|01+21+8040||
8043||n18 n-2?|01+21+8040||
8110|a|x-70 couponcode|||
8111|a|n4|255||
8112|a|x-70 couponposoffer|||
8200||x-70|01||
90|a|x-30|||
91 92 93 94 95 96 97 98 99|a|x-90|||
"""
# A part and the rules after it.
_PART: Final = re.compile(r"([nxyz])(-?)([0-9]+)(\??)((?: [a-z]{2}[a-z0-9]*)*)")
# The first two digits say how long an AI is (General Specifications figure 7.8.1-2).
_LENGTHS: Final = {
    **dict.fromkeys(("00", "01", "02", "03", "30", "37"), 2),
    **{str(number): 2 for number in (*range(10, 23), *range(90, 100))},
    **dict.fromkeys(("23", "24", "25", "40", "41", "42", "71"), 3),
    **dict.fromkeys(("31", "32", "33", "34", "35", "36", "39", "43", "70", "72", "80", "81", "82"), 4),
}


class Part(NamedTuple):
    """One part of a value.

    Args:
        kind: `n`, `x`, `y` or `z`.
        least: The fewest characters it may have.
        most: The most.
        optional: It may be left out, with all after it.
        rules: The names of its linters.
    """

    kind: str
    least: int
    most: int
    optional: bool
    rules: tuple[str, ...]


class Identifier(NamedTuple):
    """An AI.

    Args:
        ai: Its digits.
        length: The predefined length of its value [characters]; 0: a separator ends it.
        attribute: It may stand in the query of a Digital Link.
        parts: What its value is made of.
        needs: Groups of AIs and patterns, one of which must be there.
        bars: AIs and patterns that must not be there.
        path: The sequences of qualifiers that may follow it in a Digital Link; None: it begins none.
    """

    ai: str
    length: int
    attribute: bool
    parts: tuple[Part, ...]
    needs: tuple[tuple[str, ...], ...]
    bars: tuple[str, ...]
    path: tuple[tuple[str, ...], ...] | None


@lru_cache(maxsize=1)
def _rows() -> dict[str, str]:
    found: dict[str, str] = {}
    for line in _TABLE.strip().splitlines():
        names, rest = line.split("|", 1)
        for name in names.split():
            stem, star, count = name.partition("*")
            if star:
                found.update((f"{stem}{last}", rest.replace("~", f"{stem}n")) for last in range(int(count)))
            else:
                found[name] = rest
    return found


@lru_cache(maxsize=1024)
def find_identifier(ai: str) -> Identifier | None:
    """Find an AI; None: there is no such AI."""
    row = _rows().get(ai)
    if row is None:
        return None
    marks, parts, needs, bars, path = row.split("|")
    read = _read_parts(parts)
    return Identifier(
        ai,
        sum(part.most for part in read) if "f" in marks else 0,
        "a" in marks,
        read,
        tuple(tuple(group.split("+")) for group in needs.split(",")) if needs else (),
        tuple(bars.split(",")) if bars else (),
        tuple(tuple(way.split()) for way in path[3:].split("/")) if path.startswith("key") else None,
    )


def _read_parts(text: str) -> tuple[Part, ...]:
    found = []
    for match in _PART.finditer(text):
        kind, variable, length, optional, rules = match.groups()
        found.append(Part(kind, 1 if variable else int(length), int(length), bool(optional), tuple(rules.split())))
    return tuple(found)


def ai_length(text: str) -> int:
    """Tell how many digits the AI has with which a text begins; 0: it begins with no AI."""
    return _LENGTHS.get(text[:2], 0)
