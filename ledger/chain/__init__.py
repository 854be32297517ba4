"""The tamper-evident log. Bytes in, proof out; blind to what its payloads mean.

Rooms, from the bottom up: `canonical` (bytes of a value), `hashing` and `tree` (RFC 6962), `entry`
(one record), `note` and `checkpoint` (signed heads), `signers`, `keys`, `policy` and `pins` (trust, kept
outside the ledger), `storage` (where bytes lie), `log` (append), `verify` and `reader` (read).
"""
