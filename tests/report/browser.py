"""A headless Chromium that tests operate as a person would, with mouse and keyboard.

It is spoken to in the Chrome DevTools Protocol [1]_ through two pipes, so that neither
a port nor a library is needed. No name of a host is resolved: nothing can be fetched.

.. [1] https://chromedevtools.github.io/devtools-protocol/
"""

import json
import os
import select
import shutil
import subprocess
import sys
import time

import pytest

NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"]
SWITCHES = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--remote-debugging-pipe",
]
#: Seconds that an answer may take on a busy machine.
PATIENCE = 120
KEYS = {"ArrowDown": 40, "ArrowUp": 38, "Enter": 13, "Tab": 9, "Backspace": 8}


def find_chromium():
    """Path of Chromium; skip the test where there is none, saying how to install it."""
    if sys.platform == "win32":
        pytest.skip("pipes to Chromium are for POSIX")
    for path in filter(None, map(shutil.which, NAMES)):
        return path
    return pytest.skip("needs Chromium: on Debian or Ubuntu, apt-get install chromium")


class Browser:
    """A process of Chromium.

    Parameters
    ----------
    path : str
        Path of Chromium.
    profile : Path
        An empty folder, where it may write.
    """

    def __init__(self, path, profile):
        # Chromium reads from its file descriptor 3 and writes to 4.
        theirs_in, self._to = os.pipe()
        self._from, theirs_out = os.pipe()
        command = [path, *SWITCHES, f"--user-data-dir={profile}", "about:blank"]
        shell = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}'
        self._process = subprocess.Popen(
            ["bash", "-c", shell, "chromium", *command],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._buffer, self._last = b"", 0
        #: Events that have come, as pairs of a name and parameters.
        self.events = []

    def close(self):
        self._process.terminate()
        self._process.wait(PATIENCE)
        os.close(self._to)
        os.close(self._from)

    def call(self, method, session=None, **params):
        """Call a method of the protocol and return its result."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        return self._wait_for(lambda answer: answer.get("id") == self._last)["result"]

    def wait_for_event(self, name):
        """Wait until an event comes, unless it has come already."""
        if all(known != name for known, _ in self.events):
            self._wait_for(lambda message: message.get("method") == name)

    def _wait_for(self, is_wanted):
        while True:
            message = self._read()
            if "method" in message:
                self.events.append((message["method"], message["params"]))
            if is_wanted(message):
                assert "error" not in message, message
                return message

    def _read(self):
        end = time.monotonic() + PATIENCE
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._from], [], [], end - time.monotonic())
            part = os.read(self._from, 2**20) if ready else b""
            assert part, "Chromium does not answer."
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)


class Page:
    """A tab of a browser in which a file is open.

    Parameters
    ----------
    browser : Browser
    path : Path
    width, height : int
        Of the window, in CSS pixels.
    scheme : {"light", "dark"}
    """

    def __init__(self, browser, path, width=1300, height=900, scheme="light"):
        self._browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = browser.call(
            "Target.attachToTarget", targetId=target, flatten=True
        )["sessionId"]
        browser.events.clear()
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self._call("Emulation.setEmulatedMedia", features=[feature])
        browser.events.clear()
        self._call("Page.navigate", url=path.as_uri())
        browser.wait_for_event("Page.loadEventFired")

    def _call(self, method, **params):
        return self._browser.call(method, self._session, **params)

    def run(self, expression):
        """Value of an expression of JavaScript."""
        answer = self._call(
            "Runtime.evaluate", expression=expression, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def click(self, selector):
        """Click at the middle of an element."""
        x, y = self.run(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView({block: 'nearest'}); const b = e.getBoundingClientRect();"
            "return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        mouse = {"x": x, "y": y, "button": "left", "clickCount": 1}
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, **mouse)

    def press(self, key):
        """Press and release a key that writes nothing."""
        code = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS[key]}
        for kind in ("rawKeyDown", "keyUp"):
            self._call("Input.dispatchKeyEvent", type=kind, **code)

    def type(self, text):
        """Write a text, key by key, to the element that has the focus."""
        for letter in text:
            self._call("Input.dispatchKeyEvent", type="keyDown", text=letter)
            self._call("Input.dispatchKeyEvent", type="keyUp")

    def search(self, text):
        """Replace what is in the search box."""
        self.click("#search")
        self.run("document.getElementById('search').select()")
        self.press("Backspace")
        self.type(text)

    def units(self):
        """Numbers of the units that are shown, in their order."""
        return self.run(
            "[...document.querySelectorAll('#units > li')]"
            ".filter((unit) => unit.checkVisibility())"
            ".map((unit) => Number(unit.id.slice('unit-'.length)))"
        )

    def count(self):
        """What stands beside the search box."""
        return self.run("document.getElementById('count').value")

    def size(self, selector):
        """Width and height of an element."""
        return self.run(
            f"(() => {{ const b = document.querySelector({json.dumps(selector)})"
            ".getBoundingClientRect(); return [b.width, b.height]; })()"
        )

    def complaints(self):
        """What the console says, and addresses that were to be fetched."""
        kinds = {"Runtime.consoleAPICalled", "Runtime.exceptionThrown"}
        found = [p for name, p in self._browser.events if name in kinds]
        found += [
            p["entry"] for name, p in self._browser.events if name == "Log.entryAdded"
        ]
        urls = [
            p["request"]["url"]
            for name, p in self._browser.events
            if name == "Network.requestWillBeSent"
        ]
        return found + [url for url in urls if not url.startswith(("file:", "data:"))]
