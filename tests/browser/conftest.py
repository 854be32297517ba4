# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium that is driven by the DevTools protocol over a pipe: no network, no port, no library."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
READY = """new Promise(done => {
  const look = () => {
    const verdict = document.getElementById("verdict");
    if (verdict && verdict.className !== "unchecked") {
      done({ words: verdict.className, title: document.title, verdict: verdict.innerText,
        shown: !document.getElementById("view").hidden, text: document.body.innerText });
    } else setTimeout(look, 5);
  };
  setTimeout(() => done({ words: "unchecked", title: document.title, verdict: "", shown: false,
    text: document.body ? document.body.innerText : "" }), 3000);
  look();
})"""


class Browser:
    """One browser with one page; `requests` are the addresses that it asked for."""

    def __init__(self, folder: Path) -> None:
        commands, self._write = os.pipe()
        self._read, answers = os.pipe()
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
        flags += ["--remote-debugging-pipe", "--disable-background-networking", "--disable-component-update"]
        flags += [f"--user-data-dir={folder}", "--proxy-server=127.0.0.1:9", "about:blank"]

        assert CHROMIUM is not None
        # The browser reads commands from 3 and answers on 4, whatever numbers these pipes have here.
        redirect = f'exec "$@" 3<&{commands} 4>&{answers}'
        self._process = subprocess.Popen(
            ["bash", "-c", redirect, "bash", CHROMIUM, *flags],
            pass_fds=(commands, answers),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(folder)},
        )
        os.close(commands)
        os.close(answers)
        self._rest = b""
        self._last = 0
        self._session: str | None = None
        self.requests: list[str] = []
        self.errors: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            found = self._receive()
            if found.get("id") == self._last:
                assert "error" not in found, found
                return dict(found["result"])
            self._note(found)

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            data = os.read(self._read, 1 << 20)
            assert data, "the browser has ended"
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(line))

    def _note(self, event: dict[str, Any]) -> None:
        if event.get("method") == "Network.requestWillBeSent":
            self.requests.append(event["params"]["request"]["url"])
        if event.get("method") == "Runtime.exceptionThrown":
            self.errors.append(event["params"]["exceptionDetails"]["text"])

    def evaluate(self, code: str) -> Any:
        """Run code in the page; a promise is waited for."""
        answer = self.call("Runtime.evaluate", expression=code, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def open(self, path: Path) -> dict[str, Any]:
        """Open a file and give what it says once it has judged itself."""
        self.requests.clear()
        self.call("Page.navigate", url=path.as_uri())
        for _ in range(10_000):
            if self.evaluate("document.readyState + location.href") == "complete" + path.as_uri():
                break
        else:
            raise AssertionError(f"{path} was never complete")
        return dict(self.evaluate(READY))

    def screenshot(self, path: Path, width: int, height: int, *, dark: bool = False) -> None:
        """Draw the whole page at a width."""
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=scheme)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self.evaluate("new Promise((done) => setTimeout(done, 100))")
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(answer["data"]))

    def close(self) -> None:
        os.close(self._write)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._read)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here (apt-get install chromium): the passport is not opened in a browser")
    found = Browser(tmp_path_factory.mktemp("browser"))
    yield found
    found.close()
