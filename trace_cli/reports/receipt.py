"""The answer of `verify` on a receipt: no ledger is needed."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.chain.counting import counted
from trace_cli.formats.answer import say

if TYPE_CHECKING:
    from ledger.chain.checkpoint import SignedCheckpoint

_MAX = 32 * 1024 * 1024


def is_receipt(path: Path) -> bool:
    """Tell by its first line whether a file is a receipt."""
    from ledger.chain.receipt import HEADER

    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        with path.open("rb") as file:
            return file.read(len(HEADER)) == HEADER.encode()
    except OSError:
        return False


def verify_receipt(path: Path, home: Path, *, key: str | None, policy: Path | None) -> dict[str, Any]:
    """Check a receipt under this machine's trust; give the answer `trace.verify/1`.

    Raises:
        Refused: The file is no receipt.
    """
    from ledger.chain.checkpoint import parse_checkpoint
    from ledger.chain.errors import Refused, Untrue, Untrusted
    from ledger.chain.pins import load_pin
    from ledger.chain.receipt import check_receipt, parse_proof
    from trace_cli.trust import find_policy

    with path.open("rb") as file:
        data = file.read(_MAX + 1)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(f"{path} is no receipt: it is not UTF-8") from None
    signed = parse_checkpoint(parse_proof(text).checkpoint)
    origin = signed.head.origin
    believed = find_policy(home, origin, key, policy)
    pin = load_pin(home, origin) if believed is not None and believed.source == "home" else None
    if believed is None:
        why = f"this machine has no trust policy for {origin}, so it believes no signature"
        return _answer("untrusted", signed, "none", None, why, f"trace verify {path} --key VKEY")
    try:
        proven = check_receipt(text, believed)
    except Untrusted as error:
        return _answer("untrusted", signed, "none", None, str(error), "ask its origin for the verifier key")
    except Untrue as error:
        return _answer("tampered", signed, "none", error.seq, str(error), "ask for the receipt again")
    kind = "self" if believed.source == "home" else "key"
    if pin is not None and pin.head.size == signed.head.size:
        if pin.head.root != signed.head.root:
            why = f"the receipt's head of size {pin.head.size} contradicts the one that this machine saw"
            return _answer(
                "forked", signed, "pinned", None, why, "keep the receipt and the pin: they are the proof"
            )
        kind = "pinned"
    entry = proven.entry
    answer = _answer("ok", signed, kind, None, "", "")
    shown = {"seq": entry.seq, "kind": entry.kind, "recorded": entry.rec, "by": entry.by, "via": entry.via}
    return {**answer, "entry": shown, "key": str(proven.key)}


def _answer(
    word: str, signed: SignedCheckpoint, anchor: str, seq: int | None, message: str, remedy: str
) -> dict[str, Any]:
    head = signed.head
    finding = {"check": "receipt", "kind": word, "seq": seq, "message": message, "remedy": remedy}
    return {
        "schema": "trace.verify/1",
        "verdict": word,
        "anchor": {"kind": anchor, "size": head.size, "root": head.root.hex()},
        "origin": head.origin,
        "size": head.size,
        "root": head.root.hex(),
        "first_bad_seq": seq,
        "checks": [{"name": "receipt", "passed": word == "ok", "count": 1}],
        "findings": [finding] if message else [],
    }


def write_receipt(answer: dict[str, Any], path: Path) -> None:
    """Tell people."""
    if answer["verdict"] == "ok":
        entry = answer["entry"]
        say(f"OK  entry {entry['seq']} of {answer['origin']}, recorded {entry['recorded']} by {entry['by']}")
        say(f"It is in the signed tree of {counted(answer['size'], 'entry')}, root {answer['root'][:12]}...")
        rests = {"self": "its own signature only", "pinned": "a head that this machine saw before"}
        say(f"The verdict rests on {rests.get(answer['anchor']['kind'], 'the key given on the command line')}.")
        say("It proves that this entry was recorded so; it does not prove that what it says is true.")
        return
    say(f"{answer['verdict'].upper()}  {path}")
    for finding in answer["findings"]:
        say(f"  {finding['message']}")
        say(f"    mend: {finding['remedy']}")
