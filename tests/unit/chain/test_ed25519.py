# SPDX-License-Identifier: Apache-2.0
"""Public keys that must never be one of ours, and signing."""

import pytest

from ledger.chain.errors import Refused
from ledger.chain.signers.ed25519 import Ed25519Signer, check_public, verify

P = 2**255 - 19
ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826

# RFC 8032 section 7.1, test 2.
SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def raw(y, sign=0):
    return (y | sign << 255).to_bytes(32, "little")


def test_the_example_of_the_rfc():
    signer = Ed25519Signer(SEED)
    assert (signer.public, signer.sign(b"\x72")) == (PUBLIC, SIGNATURE)
    assert check_public(PUBLIC) == PUBLIC
    assert verify(PUBLIC, b"\x72", SIGNATURE)


@pytest.mark.parametrize("signature", [b"", SIGNATURE[:63], SIGNATURE + b"\0", bytes(64), SIGNATURE[::-1]])
def test_other_signatures_do_not_hold(signature):
    assert not verify(PUBLIC, b"\x72", signature)
    assert not verify(PUBLIC, b"\x73", SIGNATURE)


@pytest.mark.parametrize("sign", [0, 1])
@pytest.mark.parametrize("y", [0, 1, P - 1, ORDER_8, P - ORDER_8], ids=["0", "1", "-1", "y8", "-y8"])
def test_points_of_small_order_are_refused(y, sign):
    with pytest.raises(Refused):
        check_public(raw(y, sign))


@pytest.mark.parametrize("sign", [0, 1])
@pytest.mark.parametrize("above", range(19))
def test_second_names_of_a_point_are_refused(above, sign):
    with pytest.raises(Refused, match="canonical"):
        check_public(raw(P + above, sign))


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_keys_of_another_length_are_refused(length):
    with pytest.raises(Refused, match="32 bytes"):
        check_public(PUBLIC.ljust(64, b"\0")[:length])
    with pytest.raises(Refused, match="32 bytes"):
        Ed25519Signer(bytes(length))
