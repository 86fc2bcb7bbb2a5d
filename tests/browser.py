"""A real browser for tests: Chromium without a window, driven over its own debugging pipe; no packages are needed for it."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run", "--disable-extensions",
    "--disable-component-update", "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND",
    # WebGL without a graphics card.
    "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
)  # fmt: skip


def executable() -> str | None:
    """The browser of this machine, or None."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Browser:
    """One page. requests: addresses of everything that it asked for, but data in the page itself; errors: what its console and
    its scripts complained of."""

    def __init__(self, profile: Path, width: int = 1440, height: int = 1000, dark: bool = False):
        to_read, to_write = os.pipe()
        from_read, from_write = os.pipe()

        # The browser reads from descriptor 3 and writes to 4: a shell puts the pipe there.
        own = (f"--user-data-dir={profile}", f"--window-size={width},{height}", "--remote-debugging-pipe")
        redirected = f'exec "$@" 3<&{to_read} 4>&{from_write}'
        self.process = subprocess.Popen(
            ["bash", "-c", redirected, "bash", executable() or "", *FLAGS, *own, "about:blank"],
            pass_fds=(to_read, from_write),
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(from_write)
        self._in, self._out, self._buffer, self._number, self._session = to_write, from_read, b"", 0, None
        self.requests: list[str] = []
        self.errors: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._in)  # upon which it ends
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self._out)

    def call(self, method: str, timeout_s: float = 180.0, **parameters) -> dict:
        """What the browser answers to a command of the DevTools protocol."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._in, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + timeout_s
        while True:
            answer = self._next(end)
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self._note(answer)

    def _next(self, end: float) -> dict:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._out], [], [], max(end - time.monotonic(), 0))
            data = os.read(self._out, 1 << 20) if ready else b""
            assert data, "the browser does not answer" if not ready else "the browser has ended"
            self._buffer += data
        one, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(one)

    def _note(self, event: dict) -> None:
        method, p = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent" and not p["request"]["url"].startswith("data:"):
            self.requests.append(p["request"]["url"])
        elif method == "Network.loadingFailed":
            self.errors.append(f"not loaded: {p['errorText']}")
        elif method == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(p["exceptionDetails"])[:600])
        elif method == "Runtime.consoleAPICalled" and p["type"] in ("error", "warning", "assert"):
            self.errors.append(" ".join(str(a.get("value", a.get("description"))) for a in p["args"]))
        elif method == "Log.entryAdded" and p["entry"]["level"] == "error":
            self.errors.append(p["entry"]["text"])

    def open(self, path: Path) -> None:
        """Show a file, and wait until it is there."""
        self.call("Page.navigate", url=path.resolve().as_uri())
        self.until("document.readyState === 'complete' && location.protocol === 'file:'")

    def run(self, script: str):
        """The value of an expression in the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, script: str, timeout_s: float = 120.0) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + timeout_s
        while not self.run(script):
            assert time.monotonic() < end, f"never: {script}"
            time.sleep(0.05)

    def key(self, name: str) -> None:
        """Press and let go a key."""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name if len(name) > 1 else f"Key{name.upper()}")

    def picture(self, whole: bool = False) -> bytes:
        """What it shows, as PNG; whole: all of the page."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"])
