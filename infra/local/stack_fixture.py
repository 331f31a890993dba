"""pytest plugin: a local stack of its own for each test module that asks for one. Must not assert anything.

`stack` is shared by a module; `own_stack` is started for one test, which may kill and restart it.
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

HERE = pathlib.Path(__file__).resolve().parent
WAIT_SECONDS = 60


def free_ports():
    """The first of four free ports in a row."""
    for first in range(21000 + os.getpid() % 5000 * 4, 65000, 4):
        probes = [socket.socket() for _ in range(4)]
        try:
            for offset, probe in enumerate(probes):
                probe.bind(("127.0.0.1", first + offset))
            return first
        except OSError:
            continue
        finally:
            for probe in probes:
                probe.close()
    raise OSError("no four free ports in a row")


class LocalStack:
    """A running stack. `env` holds what the env file says, `url(name)` is short for one of its values."""

    def __init__(self, folder, *options):
        self.folder = pathlib.Path(folder)
        self.port = free_ports()
        self.options = options
        self.env = {}
        self._process = None

    def start(self):
        words = [sys.executable, str(HERE / "dev.py"), "up", "--once", "--no-build", "--port", str(self.port),
                 "--state", str(self.folder / "state"), "--save-every", "0.5", *self.options]
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        path = self._process.stdout.readline().strip()
        if not path.endswith("env"):
            rest = self._process.communicate()
            raise RuntimeError(f"the stack did not start: {path} {rest[0]} {rest[1]}")
        self.env = dict(line.split("=", 1) for line in pathlib.Path(path).read_text().splitlines())
        return self

    def stop(self):
        """Ends the stack as Ctrl-C does."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(WAIT_SECONDS)

    def kill(self):
        """Ends the emulator with SIGKILL, as a crash of the machine would, and the process around it."""
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self._process.pid)], capture_output=True, text=True,
                                  check=True).stdout.split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        self._process.wait(WAIT_SECONDS)

    def control(self, path, body=None, method="POST"):
        """Calls a control of the launcher, /_local/{path}; answers its JSON."""
        data = None if method == "GET" else json.dumps(body or {}).encode()
        request = urllib.request.Request(f"{self.env['AWS_ENDPOINT_URL']}/_local/{path}", method=method, data=data)
        with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as answer:
            return json.load(answer)

    def save(self):
        """Puts the present state on disk."""
        self.control("save")

    def pause_stream(self):
        """Leaves new stream records unread until `resume_stream` or a restart."""
        self.control("stream/pause")

    def resume_stream(self):
        self.control("stream/resume")

    def fail_mail(self, kind, count=1):
        """Lets the next sendings fail: throttle, reject, paused or error."""
        self.control("mail/fail", {"kind": kind, "count": count})

    def settle(self):
        """Returns when nothing is under way: no invocation, no unread record, no message that is due."""
        quiet = 0
        deadline = time.monotonic() + WAIT_SECONDS
        while quiet < 3:
            state = self.control("state", method="GET")
            quiet = quiet + 1 if state["idle"] else 0
            if time.monotonic() > deadline:
                raise TimeoutError(f"the stack does not come to rest: {state}")
            time.sleep(0.05)

    def inbox(self, recipient=None):
        """Mails sent, newest first, optionally of one recipient."""
        with urllib.request.urlopen(f"{self.env['AWS_ENDPOINT_URL']}/inbox.json", timeout=WAIT_SECONDS) as answer:
            mails = json.load(answer)["items"]
        return [mail for mail in mails if recipient is None or any(recipient in address for address in mail["to"])]

    def request(self, method, url, body=None, headers=None):
        """One HTTP request without following redirects; answers (status, headers, text)."""
        data = body.encode() if isinstance(body, str) else body
        request = urllib.request.Request(url, method=method, data=data, headers=headers or {})
        opener = urllib.request.build_opener(_Stay)
        try:
            with opener.open(request, timeout=WAIT_SECONDS) as answer:
                return answer.status, dict(answer.headers), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read().decode()


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    running = LocalStack(tmp_path_factory.mktemp("stack")).start()
    yield running
    running.stop()


@pytest.fixture
def own_stack(tmp_path):
    running = LocalStack(tmp_path).start()
    yield running
    running.stop()
