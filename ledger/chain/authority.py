"""Check 7 of a verification: who signed the head, and whether this verifier believes them."""

from __future__ import annotations

from ledger.chain.checkpoint import SignedCheckpoint
from ledger.chain.entry import Entry, parse_entry
from ledger.chain.errors import BadJson
from ledger.chain.log import FIRST_BODY_KEY
from ledger.chain.note import VerifierKey
from ledger.chain.policy import NotBelievedError, Policy, believe
from ledger.chain.verdict import Case


def follow_keys(
    keys: list[tuple[int, bytes]], signed: SignedCheckpoint | None, policy: Policy | None, case: Case
) -> Policy | None:
    """7. key: what the log says of the life of its keys."""
    if policy is None or signed is None or len(keys) < 2:
        return policy
    from ledger.chain.keyring import follow

    followed, faults = follow(policy, signed.head.origin, keys)
    for fault in faults:
        case.add("key", "rotation", fault.seq, fault.message)
    return followed


def check_key(
    first: bytes | None, signed: SignedCheckpoint | None, policy: Policy | None, case: Case
) -> VerifierKey | None:
    """7. key: a believed key signed the head, and entry 0 names a key of this origin."""
    if signed is None:
        return None
    origin = signed.head.origin
    if policy is None:
        case.add(
            "key",
            "no policy",
            None,
            f"this verifier has no trust policy for {origin}, so it believes no signature",
            f"trace verify --key VKEY, with the verifier key of {origin} from a source you trust",
        )
        return None
    case.counts["key"] = 1
    try:
        believed = believe(signed, policy)
    except NotBelievedError as error:
        case.add("key", error.kind, None, f"the checkpoint of size {signed.head.size}: {error}")
        return None
    try:
        entry = parse_entry(first or b"")
    except BadJson:
        return believed[0]  # the other checks have named entry 0
    if "leaf" not in case.failed and not _names_key(entry):
        case.add("key", "genesis", 0, "entry 0 does not name the key of the site")
    return believed[0]


def is_believed(signed: SignedCheckpoint | None, policy: Policy | None) -> bool:
    """Tell whether a believed key signed the head."""
    try:
        return signed is not None and policy is not None and bool(believe(signed, policy))
    except NotBelievedError:
        return False


def _names_key(entry: Entry) -> bool:
    return entry.kind == "key" and type(entry.body) is dict and type(entry.body.get(FIRST_BODY_KEY)) is str
