"""A Lambda runtime API for one process, and the stand-in it starts against. Decides nothing about what a function answers.

Plain sockets: a general HTTP server would take longer than a function needs to start.
"""

import os
import pathlib
import signal
import socket
import threading
import time

NEXT = b"GET /2018-06-01/runtime/invocation/next"
START_SECONDS_MAX = 20
# What functions log is not what is measured.
SILENT = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
REGION = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
RUNTIME = {**REGION, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_LAMBDA_FUNCTION_NAME": "bench",
           "AWS_LAMBDA_FUNCTION_VERSION": "1", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "RUST_LOG": "error",
           "PATH": os.environ.get("PATH", "")}


class Requests:
    """HTTP requests of one connection."""

    def __init__(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection = connection
        self.rest = b""

    def next(self):
        """(head, body), or None when the other side has closed."""
        while b"\r\n\r\n" not in self.rest:
            if not self._more():
                return None
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        lines = head.lower().split(b"\r\n")
        if b"transfer-encoding: chunked" in lines:
            return head, self._chunks()
        length = next((int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")), 0)
        return head, self._exactly(length)

    def _chunks(self):
        body = b""
        while True:
            while b"\r\n" not in self.rest:
                self._more()
            size, self.rest = self.rest.split(b"\r\n", 1)
            body += self._exactly(int(size, 16))
            self._exactly(2)
            if int(size, 16) == 0:
                return body

    def _exactly(self, length):
        while len(self.rest) < length and self._more():
            pass
        body, self.rest = self.rest[:length], self.rest[length:]
        return body

    def _more(self):
        read = self.connection.recv(65536)
        self.rest += read
        return bool(read)

    def answer(self, status, body=b"", headers=()):
        lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}", "content-type: application/json", *headers]
        self.connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)


class SecretStandIn:
    """Secrets Manager with one secret, for functions that fetch it while they start. Counts and times what it is asked."""

    BODY = b'{"ARN":"bench","Name":"bench","SecretString":"%s","VersionId":"1"}' % (b"s" * 64)

    def __init__(self):
        self.listener = listening()
        self.url = address(self.listener)
        self.asked_at = None
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            connection, _ = self.listener.accept()
            requests = Requests(connection)
            while requests.next():
                self.asked_at = self.asked_at or time.perf_counter()
                requests.answer(200, self.BODY)
            connection.close()


class Function:
    """A running function process, seen from its runtime API."""

    def __init__(self, binary, environment):
        self.listener = listening()
        self.listener.settimeout(START_SECONDS_MAX)
        where = address(self.listener).removeprefix("http://")
        full = {**RUNTIME, **environment, "AWS_LAMBDA_RUNTIME_API": where}
        self.started_at = time.perf_counter()
        self.pid = os.posix_spawn(binary, [str(binary)], full, file_actions=SILENT)
        self.requests = None

    def first_poll(self):
        """Seconds from the start of the process to its first request for work."""
        self._connect()
        return time.perf_counter() - self.started_at

    def on_core(self):
        """Seconds that the process had a core so far: what a busy machine does not change."""
        return int(pathlib.Path(f"/proc/{self.pid}/schedstat").read_text().split()[0]) / 1e9

    def _connect(self):
        try:
            connection, _ = self.listener.accept()
        except TimeoutError:
            raise SystemExit("a function does not ask for work; run it by hand to see why") from None
        self.requests = Requests(connection)
        found = self.requests.next()
        if not found or not found[0].startswith(NEXT):
            raise SystemExit(f"a function asked for {found} before its first event")

    def call(self, payload, number):
        """Hands over one event; answers what the function posts: (whether it failed, body)."""
        deadline = round((time.time() + 15) * 1000)
        arn = "arn:aws:lambda:us-east-1:000000000000:function:bench"
        self.requests.answer(200, payload, (f"lambda-runtime-aws-request-id: {number}", f"lambda-runtime-deadline-ms: {deadline}",
                                            f"lambda-runtime-invoked-function-arn: {arn}"))
        head, body = self._post()
        self.requests.answer(202, b"{}")
        self._post(NEXT)
        return head.split(b" ")[1].endswith(b"/error"), body

    def _post(self, wanted=b"POST"):
        """The next request; a client that does not keep its connection opens another one."""
        found = self.requests.next()
        while found is None:
            connection, _ = self.listener.accept()
            self.requests = Requests(connection)
            found = self.requests.next()
        if not found[0].startswith(wanted):
            raise SystemExit(f"a function sent {found[0][:80]} where {wanted} was expected")
        return found

    def memory(self):
        """Resident bytes, now and at most."""
        lines = pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines()
        found = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.startswith(("VmRSS", "VmHWM"))}
        return found["VmRSS"], found["VmHWM"]

    def stop(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.listener.close()
        if self.requests:
            self.requests.connection.close()


def listening():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


def address(listener):
    return "http://{}:{}".format(*listener.getsockname())
