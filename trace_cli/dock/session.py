"""A session at a dock: each scan judged, committed, and only then shown.

What was accepted is what the ledger holds; the session keeps nothing of it that cannot be read from there again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

from trace_cli.dock.book import Accepted, Book
from trace_cli.dock.journal import Journal
from trace_cli.dock.orders import MEANING, PREFIX, Order, read_order
from trace_cli.dock.packing_list import PackingList
from trace_cli.dock.profile import Profile
from trace_cli.dock.reader import Read, edit
from trace_cli.dock.screen import Screen
from trace_cli.errors import CommandError

if TYPE_CHECKING:
    from ledger.custody.authenticity import Judgement
    from trace_cli.capture import Circumstances
    from trace_cli.dock.goods import Goods

_NO_ENTER: Final = "the scanner sends no Enter after a code; nothing was recorded"
_GLUED: Final = "two scans ran together, or one came in pieces; nothing was recorded: scan again"


@dataclass(frozen=True)
class Outcome:
    """What became of one scan; of orders and empty lines there is none."""

    raw: bytes
    status: str
    word: str
    uri: str | None = None
    seq: int | None = None
    reason: str | None = None
    scan: object = None
    judged: Judgement | None = None


@dataclass
class Session:
    """The state of a session.

    Args:
        book: The ledger.
        journal: Its journal.
        screen: Where it shows.
        said: What every scan says beside its code.
        by: Who scans; empty: nobody yet, and a badge is asked for.
        clock: Seconds that only go on, for the cooldown.
        profile: How the scanner misbehaves, so that it can be mended.
        cooldown: For so long the same code again is the same scan [s].
        stop_on_error: After a refusal nothing is taken until it was seen.
    """

    book: Book
    journal: Journal
    screen: Screen
    said: Circumstances
    by: str
    clock: Callable[[], float]
    profile: Profile = field(default_factory=Profile)
    cooldown: float = 2.0
    stop_on_error: bool = False
    packing: PackingList = field(default_factory=PackingList)
    accepted: list[Accepted] = field(default_factory=list)
    undone: int = 0
    refused: int = 0
    again: int = 0
    count: int | None = None
    stopped: bool = False
    done: bool = False
    asking: bool = False
    _last: tuple[bytes, float] = (b"", float("-inf"))
    _known: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.accepted:
            self._count(one, 1)

    # what comes in ------------------------------------------------------------------------------------------

    def take(self, read: Read) -> Outcome | None:
        """Take one scan or typed line, and show what became of it."""
        raw = edit(read.raw) if read.entry == "typed" else self.profile.mend(read.raw)
        if read.end in ("silence", "glued"):
            if _is_key(read.raw):
                return None
            return self._refuse(read.raw, _NO_ENTER if read.end == "silence" else _GLUED)
        if not raw.strip():
            return None
        text = raw.decode("utf-8", "surrogateescape")
        if self.asking:
            self._answer(text)
            return None
        if (order := read_order(text, read.entry)) is not None:
            self._obey(order, read)
            return None
        if text[: len(PREFIX)].upper() == PREFIX:
            return self._refuse(raw, "there is no such order; print the sheet: trace scanner sheet -o orders.html")
        if missing := self._missing():
            return self._refuse(raw, missing)
        if self.stopped:
            return self._refuse(raw, "the last refusal was not seen yet: scan OK, or type ok")
        return self._goods(raw, read)

    def _goods(self, raw: bytes, read: Read) -> Outcome:
        from ledger.chain.errors import Locked, Refused
        from trace_cli.dock.goods import DoubtfulError, read_goods

        count, self.count = self.count, None
        try:
            goods = read_goods(self.book.site.codes, raw, self.said, scanned=read.entry == "scanned", count=count)
        except (Refused, UnicodeDecodeError) as error:
            reason = "these bytes are no text" if isinstance(error, UnicodeDecodeError) else str(error)
            return self._refuse(raw, reason, doubtful=isinstance(error, DoubtfulError))
        now, (before, at) = self.clock(), self._last
        self._last = raw, now
        uri = goods.thing.uri
        soon = raw == before and now - at < self.cooldown and count is None
        if uri in self._known and (soon or not goods.thing.is_class):
            return self._again(raw, goods, soon=soon)
        if listed := self._listed_with_separator(goods):
            why = f"the group separator is lost; with it this is {self.book.site.codes.short(listed)}, on the list"
            return self._refuse(raw, why, doubtful=True)
        try:
            accepted = self.book.accept(goods, read.raw, self.said, self.by, read.entry)
        except (Refused, Locked, CommandError) as error:
            self._last = before, at
            reason = getattr(error, "why", "") or str(error)
            return self._refuse(raw, reason, shown=self.book.site.codes.short(uri))
        self.accepted.append(accepted)
        return self._accept(raw, goods, accepted, read)

    def _listed_with_separator(self, goods: Goods) -> str | None:
        """Find what a scan would be on the packing list with its separators put back, where it is not on it."""
        from ledger.custody.codes import product_of

        uri, elements = goods.thing.uri, goods.scan.elements
        if not self.packing.expected or not elements or self.packing.line_of(uri, product_of(uri)):
            return None
        from ledger.custody.gs1.lost_separator import readings
        from ledger.custody.gs1.scan import read_scan
        from trace_cli.dock.labels import element_string

        found = (read_scan(b"]C1" + element_string(reading.elements)).uri for reading in readings(goods.scan.text))
        return next((other for other in found if other in self.packing.expected), None)

    def _accept(self, raw: bytes, goods: Goods, accepted: Accepted, read: Read) -> Outcome:
        where = self._count(accepted, 1)
        amount = f"  x{accepted.quantity:f}" if accepted.is_class else ""
        parts = [f"entry {accepted.seq}", "typed" if read.entry == "typed" else ""]
        judged, verdict, told, suspect = self._verdict(accepted, goods)
        word: Literal["OK", "EXTRA", "SUSPECT"] = "SUSPECT" if suspect else "OK"
        if where in ("extra", "over"):
            word = "SUSPECT" if suspect else "EXTRA"
            parts.append("not on the packing list" if where == "extra" else "more than the packing list has")
        shown = self.book.site.codes.short(accepted.uri) + amount
        self.screen.tell(word, shown, ", ".join(filter(None, [*parts, told])), verdict)
        if self.packing.expected and where == "listed" and self.packing.is_complete():
            self.screen.tell("DONE", "the packing list is complete")
        return Outcome(raw, "ok", word, accepted.uri, accepted.seq, scan=goods.scan, judged=judged)

    def _verdict(self, accepted: Accepted, goods: Goods) -> tuple[Judgement | None, str, str, bool]:
        """Give the verdict of `check`, in a word, as it is told, and whether somebody has to look now."""
        from ledger.custody.authenticity import Judgement
        from ledger.custody.vocabulary import TAKING_STEPS
        from trace_cli.dock.verdicts import is_suspect
        from trace_cli.refusals import shorten

        judged = accepted.judged
        if found := self.packing.differs(accepted.uri, goods.lot, goods.expiry):
            why = f"the label states {found['field']} {found['label']}, the sender declares {found['declared']}"
            judged = Judgement("mismatch", (), why)
        if judged is None:
            return None, "", "", False
        word = judged.verdict.replace("_", " ")
        if judged.verdict in ("consistent", "unknown"):
            return judged, word, word, False
        told = f"{word}: {shorten(self.book.site.codes, judged.explanation)}"
        return judged, word, told, is_suspect(judged.verdict, takes=self.said.step in TAKING_STEPS)

    def _again(self, raw: bytes, goods: Goods, *, soon: bool) -> Outcome:
        self.again += 1
        self.journal.write(again=self.again)
        uri, seq = goods.thing.uri, self._known[goods.thing.uri]
        more = "; for more of it: 5x, then scan" if goods.thing.is_class else ""
        reason = f"already counted, entry {seq}{more}"
        self.screen.tell("AGAIN", self.book.site.codes.short(uri), reason)
        return Outcome(raw, "duplicate", "AGAIN" if soon else "DUPLICATE", uri, seq, reason, goods.scan)

    def _refuse(self, raw: bytes, reason: str, *, shown: str = "", doubtful: bool = False) -> Outcome:
        self.refused += 1
        self.journal.refuse(raw, reason)
        self.stopped = self.stop_on_error
        self.screen.tell("ASK" if doubtful else "REFUSED", shown or _printable(raw), reason)
        return Outcome(raw, "ask" if doubtful else "refused", "REFUSED", reason=reason)

    # orders -------------------------------------------------------------------------------------------------

    def _obey(self, order: Order, read: Read) -> None:
        if order.name == "UNDO":
            self._undo(read)
        elif order.name == "PLACE":
            self._set_place(order.value)
        elif order.name == "BY":
            self.by = order.value
            self.journal.write(by=order.value)
            self.screen.lines(self.header())
        elif order.name == "COUNT":
            self.count = int(order.value)
            self.screen.tell("NOTE", f"the next scan stands for {order.value}")
        elif order.name == "LIST":
            self.screen.lines("\n".join(self.open_lines()) or "nothing is missing")
        elif order.name == "OK":
            self.stopped = False
        elif order.name == "HELP":
            self.screen.lines("\n".join(f"  {name.lower():<6} {what}" for name, what in MEANING.items()))
        else:
            self._finish()

    def _undo(self, read: Read) -> None:
        if not self.accepted:
            self.screen.tell("NOTE", "there is nothing to undo in this session")
            return
        from ledger.chain.errors import Locked, Refused

        last = self.accepted[-1]
        try:
            seq = self.book.take_back(last, self.by, read.entry)
        except (Refused, Locked) as error:
            self._refuse(read.raw, str(error), shown="undo")
            return
        self.accepted.pop()
        self.undone += 1
        self._count(last, -1)
        self._last = b"", float("-inf")
        why = f"entry {seq} withdraws entry {last.seq}"
        self.screen.tell("UNDONE", self.book.site.codes.short(last.uri), why)

    def _set_place(self, place: str) -> None:
        from ledger.chain.errors import Refused

        try:
            self.book.site.codes.place(place)
        except Refused as error:
            self.screen.tell("REFUSED", place, str(error))
            return
        self.said = self.said._replace(place=place)
        self.journal.write(place=place)
        self.screen.lines(self.header())

    def _finish(self) -> None:
        """End, or ask first why something is missing."""
        if self.packing.missing():
            self.screen.lines("\n".join(self.open_lines()))
            self.screen.tell("ASK", "why is it missing?", "type short, damaged or refused; or scan DONE again")
            self.asking = True
        else:
            self.done = True

    def _answer(self, text: str) -> None:
        words = {"short", "damaged", "refused"}
        word = "short" if text.upper() in ("DONE", f"{PREFIX}DONE") else text.strip().lower()
        if word not in words:
            self.screen.tell("ASK", "the session goes on", "scan DONE to end it")
            self.asking = False
            return
        self.journal.write(missing_because=word)
        self.done = True

    def idle(self) -> None:
        """Nobody was here for long: ask for the badge again."""
        self.by = ""
        self.screen.lines(self.header())

    # what is shown ------------------------------------------------------------------------------------------

    def header(self) -> str:
        """Write who, where and what."""
        said = self.said
        total = f", {self.packing.progress()[1]:f} expected" if self.packing.expected else ""
        who, where = self.by or "?", said.place or "?"
        origin = self.book.site.origin
        return f"-- {origin}, session {self.journal.name}\n-- {said.step} at {where}, by {who}{total}"

    def status(self) -> str:
        """Write where we are, in one line."""
        if missing := self._missing():
            return missing
        parts = [f"{self.said.step} {self.said.place or ''}".rstrip(), f"{len(self.accepted)} OK"]
        if self.refused:
            parts.append(f"{self.refused} refused")
        if self.packing.expected:
            arrived, total = self.packing.progress()
            parts.append(f"{arrived:f} of {total:f}")
        if self.stopped:
            parts.append("STOPPED: scan OK")
        return " | ".join(parts)

    def open_lines(self) -> list[str]:
        """List what is missing."""
        short = self.book.site.codes.short
        return [f"  - missing  {short(uri)}  {amount:f}" for uri, amount in self.packing.missing()]

    def summary(self) -> str:
        """Write what the session came to."""
        import textwrap

        short = self.book.site.codes.short
        parts = [f"{len(self.accepted)} recorded", f"{self.undone} undone", f"{self.refused} refused"]
        parts.append(f"{self.again} scanned twice")
        lines = ["-- summary"]
        for found in self.journal.tray:
            lines.append(f"  - refused  {_printable(bytes.fromhex(found['raw_hex']))}")
            lines += textwrap.wrap(found["reason"], 79, initial_indent=" " * 13, subsequent_indent=" " * 13)
        end = [f"-- session {self.journal.name} {'ended' if self.done else 'left'}: " + ", ".join(parts)]
        if self.packing.expected:
            arrived, total = self.packing.progress()
            missing, extras = self.packing.missing(), self.packing.extras()
            count = sum((amount for _, amount in missing), Decimal(0))
            more = sum((amount for _, amount in extras), Decimal(0))
            why = self.journal.facts.get("missing_because")
            lines += [f"{line}{f'  ({why})' if why else ''}" for line in self.open_lines()]
            lines += [f"  - extra    {short(uri)}  {amount:f}" for uri, amount in extras]
            end.append(f"-- {arrived:f} of {total:f} expected, {count:f} missing, {more:f} not expected")
        return "\n".join([*lines, *end])

    def _missing(self) -> str:
        if not self.by:
            return "scan your badge first, or type: by NAME"
        return "" if self.said.place else "scan the place first, or type: place CODE"

    def _count(self, one: Accepted, sign: int) -> str:
        from ledger.custody.codes import product_of

        if sign > 0:
            self._known[one.uri] = one.seq
        else:
            rest = [other.seq for other in self.accepted if other.uri == one.uri]
            self._known.pop(one.uri, None)
            self._known |= {one.uri: rest[-1]} if rest else {}
        return self.packing.add(one.uri, product_of(one.uri), sign * one.quantity)


def _printable(raw: bytes) -> str:
    """Show bytes so that every one can be told: control bytes by their names."""
    names = {0x1D: "<GS>", 0x1E: "<RS>", 0x1C: "<FS>", 0x04: "<EOT>", 0x1B: "<ESC>", 0x09: "<TAB>"}
    shown = "".join(
        names.get(ord(char), f"<{ord(char):02X}>") if ord(char) < 32 or ord(char) == 127 else char
        for char in raw.decode("utf-8", "backslashreplace")
    )
    return shown if len(shown) <= 44 else f"{shown[:30]}... ({len(raw)} bytes)"


def _is_key(raw: bytes) -> bool:
    """Tell whether somebody pressed one key that sends several bytes, such as an arrow."""
    import re

    return re.fullmatch(rb"\x1b(?:\[[0-9;]*[A-Za-z~]|O[A-Z]|.)?", raw) is not None
