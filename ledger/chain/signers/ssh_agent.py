"""Ed25519 through a running ssh-agent: the private key stays there, also in a hardware token behind it.

The agent speaks over the Unix socket that `SSH_AUTH_SOCK` names (draft-ietf-sshm-ssh-agent)::

    request:  length (4) ‖ 11                                       which keys are there?
    answer:   length (4) ‖ 12 ‖ count (4) ‖ { blob, comment } ...
    request:  length (4) ‖ 13 ‖ blob ‖ data ‖ flags (4)             sign this with that key
    answer:   length (4) ‖ 14 ‖ signature

where each of blob, comment, data and signature is a length (4) and that many bytes; an ssh-ed25519 blob is the
string "ssh-ed25519" and the string of 32 bytes of public key (RFC 8709), and a signature likewise with its 64
bytes. That signature is plain RFC 8032 over the data, so what it signs is what a key file would sign.
"""

from __future__ import annotations

import os
import socket
import struct
from dataclasses import dataclass
from typing import Final

from ledger.chain.errors import KeyUnavailable
from ledger.chain.signers import ed25519

SOCKET: Final = "SSH_AUTH_SOCK"
_TIMEOUT: Final = 60.0  # [s]; a token may wait for a touch
_LARGEST: Final = 256 * 1024
_TYPE: Final = b"ssh-ed25519"
_LIST, _LISTED, _SIGN, _SIGNED = 11, 12, 13, 14


@dataclass(frozen=True, slots=True)
class AgentKey:
    """An Ed25519 key that the agent offers."""

    public: bytes
    comment: str


class SshAgentSigner:
    """A key in the agent.

    Args:
        public: Which one; 32 bytes.
    """

    algorithm: int = ed25519.ALGORITHM

    def __init__(self, public: bytes) -> None:
        self.public = ed25519.check_public(public)
        self.stored = ("TRACE+AGENT+KEY+", self.public)

    def sign(self, message: bytes) -> bytes:
        """Have a message signed; give the 64 bytes.

        Raises:
            KeyUnavailable: There is no agent, it has not this key, it refuses, or what it gave is no signature.
        """
        blob = _string(_TYPE) + _string(self.public)
        kind, answer = _ask(bytes([_SIGN]) + _string(blob) + _string(message) + bytes(4))
        if kind != _SIGNED:
            raise KeyUnavailable(
                "the ssh-agent does not sign with the key of this site",
                remedy="load the key: ssh-add FILE; see which are loaded: ssh-add -L",
            )
        signature, _ = _take(answer)
        name, rest = _take(signature)
        made, _ = _take(rest)
        if name != _TYPE or not ed25519.verify(self.public, message, made):
            raise KeyUnavailable("what the ssh-agent gave is no signature by the key of this site")
        return made

    def sign_text(self, _name: str, text: str, _timestamp: int) -> bytes:
        """Have the text of a note signed."""
        return self.sign(text.encode())


def list_keys() -> list[AgentKey]:
    """List the Ed25519 keys that the agent offers; others are passed over.

    Raises:
        KeyUnavailable: There is no agent, or it does not speak as one.
    """
    kind, answer = _ask(bytes([_LIST]))
    if kind != _LISTED or len(answer) < 4:
        raise KeyUnavailable("the ssh-agent does not list its keys")
    (count,) = struct.unpack(">I", answer[:4])
    rest = answer[4:]
    found: list[AgentKey] = []
    for _ in range(count):
        blob, rest = _take(rest)
        comment, rest = _take(rest)
        name, inner = _take(blob)
        if name == _TYPE:
            public, _ = _take(inner)
            if len(public) == ed25519.KEY_SIZE:
                found.append(AgentKey(public, comment.decode("utf-8", "replace")))
    return found


def _ask(request: bytes) -> tuple[int, bytes]:
    path = os.environ.get(SOCKET)
    remedy = "start one and load the key: eval $(ssh-agent); ssh-add FILE"
    if not path:
        raise KeyUnavailable(f"there is no ssh-agent: {SOCKET} is not set", remedy=remedy)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(_TIMEOUT)
            link.connect(path)
            link.sendall(struct.pack(">I", len(request)) + request)
            (length,) = struct.unpack(">I", _receive(link, 4))
            if not 0 < length <= _LARGEST:
                raise KeyUnavailable(f"the ssh-agent at {path} does not speak as one")
            answer = _receive(link, length)
    except OSError as error:
        raise KeyUnavailable(f"the ssh-agent at {path} does not answer: {error}", remedy=remedy) from None
    return answer[0], answer[1:]


def _receive(link: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = link.recv(count - len(data))
        if not more:
            raise ConnectionError("it hung up")
        data += more
    return data


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _take(data: bytes) -> tuple[bytes, bytes]:
    if len(data) < 4:
        raise KeyUnavailable("the answer of the ssh-agent is cut off")
    (length,) = struct.unpack(">I", data[:4])
    if len(data) < 4 + length:
        raise KeyUnavailable("the answer of the ssh-agent is cut off")
    return data[4 : 4 + length], data[4 + length :]
