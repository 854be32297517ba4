# SPDX-License-Identifier: Apache-2.0
"""A site whose key never leaves an ssh-agent: a real agent, and agents that lie."""

import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import threading

import pytest

from ledger.chain.errors import KeyUnavailable, Refused
from ledger.chain.home import replace_secret
from ledger.chain.keys import agent_key, change_passphrase, key_path, store_key, write_key
from ledger.chain.sealing import Cost, seal
from ledger.chain.signers.ed25519 import Ed25519Signer
from ledger.chain.signers.ssh_agent import SshAgentSigner, list_keys

ORIGIN = "acme.example/dc1"
SIGNER = Ed25519Signer(b"\x07" * 32)
CHEAP = Cost(64, 1, 1)
IN_AGENT = f"the private key of {ORIGIN} is in the ssh-agent"


@pytest.fixture
def agent(tmp_path):
    """A real ssh-agent with two keys: one for the ledger, one for something else."""
    if not shutil.which("ssh-agent") or not shutil.which("ssh-keygen"):
        pytest.skip("no ssh-agent here: apt-get install openssh-client")
    path = tmp_path / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.PIPE)
    try:
        process.stdout.readline()  # it speaks when the socket is there
        for name in ("dc1-ledger", "other"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", tmp_path / name], check=True
            )
            subprocess.run(
                ["ssh-add", "-q", tmp_path / name],
                check=True,
                env={"SSH_AUTH_SOCK": str(path), "PATH": "/usr/bin:/bin"},
            )
        yield path
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        process.stdout.close()


@pytest.fixture
def with_agent(shell, agent):
    return type(shell)(shell.folder, shell.home, {"SSH_AUTH_SOCK": str(agent)})


def test_a_site_lives_with_a_key_in_the_agent(with_agent, shell, agent):
    wrong = with_agent.run("key", "new", ORIGIN, "--agent", "any")
    assert (wrong.code, "'other'" in wrong.err) == (7, True)
    with_agent.good("key", "new", ORIGIN, "--agent", "dc1-ledger")
    with_agent.good("init", "--org", "acme.example", "--site", "dc1", "--use-key")
    with_agent.good("scan", "BOX-1", "BOX-2", "--step", "receiving", "--place", "DOCK-3")
    assert shell.good("verify", "--json").answer["verdict"] == "ok"  # nobody needs the agent for that
    stored = (shell.home / "keys" / "acme.example" / "dc1.key").read_text()
    assert stored.startswith("TRACE+AGENT+KEY+")
    without = shell.run("scan", "BOX-3", "--step", "receiving", "--place", "DOCK-3")
    assert (without.code, "ssh-agent" in without.err) == (7, True)
    subprocess.run(["ssh-add", "-q", "-D"], check=True, env={**os.environ, "SSH_AUTH_SOCK": str(agent)})
    emptied = with_agent.run("scan", "BOX-3", "--step", "receiving", "--place", "DOCK-3")
    assert (emptied.code, "ssh-add" in emptied.err) == (7, True)
    assert shell.good("verify", "--json").answer["size"] == 3


@pytest.fixture
def stub(with_agent):
    """The key file of a site whose key is in the agent, and which has a ledger."""
    with_agent.good("key", "new", ORIGIN, "--agent", "dc1-ledger")
    with_agent.good("init", "--org", "acme.example", "--site", "dc1", "--use-key")
    return with_agent.home / "keys" / "acme.example" / "dc1.key"


def test_a_key_leaves_the_agent_only_where_that_is_said(with_agent, shell, stub):
    before = (stub.read_bytes(), shell.good("verify", "--json").answer["size"])
    refused = with_agent.run("key", "rotate")
    assert (refused.code, IN_AGENT in refused.err, "trace key rotate --to-file" in refused.err) == (5, True, True)
    assert (stub.read_bytes(), shell.good("verify", "--json").answer["size"]) == before
    assert not stub.with_name("dc1.key.next").exists()
    assert with_agent.good("key", "list", "--json").answer["keys"][0]["in_agent"] is True

    told = with_agent.good("key", "rotate", "--to-file").err
    assert f"the file {stub}" in told
    assert "not in an ssh-agent" in told
    assert stub.read_text().startswith("PRIVATE+KEY+")
    shell.good("scan", "BOX-1", "--step", "receiving", "--place", "DOCK-3")
    assert shell.good("verify", "--json").answer["verdict"] == "ok"
    again = shell.good("key", "rotate")  # from file to file, nobody has to say so
    assert "ssh-agent" not in again.err


@pytest.mark.parametrize("blank", ["", "\n", " \n\n"])
def test_what_needs_the_private_key_is_refused_for_a_stub(with_agent, stub, tmp_path, blank):
    stub.write_text(blank + stub.read_text())
    before = stub.read_bytes()
    word = tmp_path / "word"
    word.touch(0o600)
    word.write_text("secret\n")
    for command in (
        ("passphrase", ORIGIN),  # there is nobody to ask: it is refused before
        ("passphrase", ORIGIN, "--passphrase-file", word),
        ("passphrase", ORIGIN, "--remove"),
        ("export", ORIGIN, "--private"),
        ("export", ORIGIN, "--private", "-o", tmp_path / "moved.key"),
    ):
        ran = with_agent.run("key", *command)
        assert (ran.code, IN_AGENT in ran.err, ran.out) == (5, True, ""), command
    assert stub.read_bytes() == before
    assert not (tmp_path / "moved.key").exists()
    verifier_key = with_agent.good("key", "list", "--json").answer["keys"][0]["verifier_keys"][0]["verifier_key"]
    assert with_agent.good("key", "export", ORIGIN).out.strip() == verifier_key  # its public side is for others
    with_agent.good("scan", "BOX-1", "--step", "receiving", "--place", "DOCK-3")


def test_a_stub_that_is_brought_needs_the_agent(with_agent, shell, stub, tmp_path):
    signs, waits, told = (
        type(shell)(shell.folder, tmp_path / name, more)
        for name, more in (("signs", with_agent.more), ("waits", {}), ("told", {}))
    )
    said = signs.good("key", "import", stub)
    assert "stub" in said.out
    assert "ssh-add" in said.err
    signs.good("scan", "BOX-1", "--step", "receiving", "--place", "DOCK-3")
    assert waits.good("key", "import", stub, "--json").answer["in_agent"] is True
    assert waits.run("scan", "BOX-2", "--step", "receiving", "--place", "DOCK-3").code == 7
    shell.good("key", "new", "acme.example/dc2")
    shell.good("key", "export", "acme.example/dc2", "--private", "-o", tmp_path / "dc2.key")
    brought = told.good("key", "import", tmp_path / "dc2.key", "--json")
    assert (brought.answer["in_agent"], "ssh-agent" in brought.err) == (False, False)


def test_a_stub_is_not_sealed_and_one_that_was_is_opened_again(tmp_path):
    key = agent_key(ORIGIN, SIGNER.public)
    with pytest.raises(Refused, match=IN_AGENT):
        write_key(key, b"secret", CHEAP)
    store_key(tmp_path, key)
    with pytest.raises(Refused, match=IN_AGENT):
        change_passphrase(tmp_path, ORIGIN, None, b"secret", CHEAP)
    assert key_path(tmp_path, ORIGIN).read_text() == key.text
    replace_secret(key_path(tmp_path, ORIGIN), seal(key.text, key.verifiers, b"old", cost=CHEAP))
    with pytest.raises(Refused, match=IN_AGENT):
        change_passphrase(tmp_path, ORIGIN, lambda: b"old", b"new", CHEAP)
    change_passphrase(tmp_path, ORIGIN, lambda: b"old", None)
    assert key_path(tmp_path, ORIGIN).read_text() == key.text


def test_what_an_agent_cannot_do_is_refused(with_agent):
    for more in ("--hybrid", "--passphrase"):
        assert with_agent.run("key", "new", ORIGIN, "--agent", "dc1-ledger", more).code == 2
    assert with_agent.run("key", "new", ORIGIN, "--agent", "no such key").code == 7


def string(data):
    return struct.pack(">I", len(data)) + data


def signature(made, name=b"ssh-ed25519"):
    return bytes([14]) + string(string(name) + string(made))


def other(message):
    return Ed25519Signer(b"\x08" * 32).sign(message)


LIES = {
    "nothing": lambda _: b"",
    "failure": lambda _: b"\x05",
    "another key's signature": lambda message: signature(other(message)),
    "a signature over something else": lambda message: signature(SIGNER.sign(message + b"!")),
    "another type": lambda message: signature(SIGNER.sign(message), b"ssh-rsa"),
    "a short signature": lambda message: signature(SIGNER.sign(message)[:63]),
    "a cut off answer": lambda message: signature(SIGNER.sign(message))[:30],
    "a length beyond the answer": lambda _: bytes([14]) + b"\xff\xff\xff\xff",
    "too long an answer": lambda _: b"\x0e" * (300 * 1024),
}


@pytest.fixture
def lying(tmp_path, monkeypatch):
    """An agent that gives what it is told to give."""
    path = tmp_path / "liar"
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen()
    monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
    answers = []

    def serve():
        while True:
            try:
                link, _ = server.accept()
            except OSError:
                return
            with link:
                (length,) = struct.unpack(">I", link.recv(4, socket.MSG_WAITALL))
                request = link.recv(length, socket.MSG_WAITALL)
                blob_end = 5 + struct.unpack(">I", request[1:5])[0] if len(request) > 5 else 0
                message = request[blob_end + 4 : -4]
                answer = answers[0](message)
                with contextlib.suppress(OSError):  # who gets a lie may hang up before its end
                    link.sendall(struct.pack(">I", len(answer)) + answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield answers
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(10)


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_what_is_no_signature_is_never_taken_for_one(lying, lie):
    lying.append(lie)
    with pytest.raises(KeyUnavailable):
        SshAgentSigner(SIGNER.public).sign(b"a head")


def test_an_honest_answer_is_taken(lying):
    lying.append(lambda message: signature(SIGNER.sign(message)))
    assert SshAgentSigner(SIGNER.public).sign(b"a head") == SIGNER.sign(b"a head")


def test_keys_that_are_no_ed25519_keys_are_passed_over(lying):
    blobs = [
        string(b"ssh-rsa") + string(b"12345"),
        string(b"ssh-ed25519") + string(SIGNER.public),
        string(b"ssh-ed25519") + string(b"short"),
    ]
    listed = bytes([12]) + struct.pack(">I", 3) + b"".join(string(blob) + string(b"k") for blob in blobs)
    lying.append(lambda _: listed)
    assert [key.public for key in list_keys()] == [SIGNER.public]


@pytest.mark.parametrize("answer", [b"\x05", bytes([12]) + b"\0\0\0\x09", bytes([12, 0])])
def test_a_list_that_is_none_is_refused(lying, answer):
    lying.append(lambda _: answer)
    with pytest.raises(KeyUnavailable):
        list_keys()


def test_without_an_agent_it_is_said_how_to_get_one(monkeypatch, tmp_path):
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with pytest.raises(KeyUnavailable, match="not set"):
        list_keys()
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "none"))
    with pytest.raises(KeyUnavailable, match="does not answer"):
        list_keys()
