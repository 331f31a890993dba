"""HTTP entrances of the local stack beside the emulator's own: three origins, the inbox, and controls for tests.

PORT serves the emulator, /inbox and /_local; PORT+1 the API, PORT+2 the public pages, PORT+3 the console, each from
its root as a domain of its own would, so that root-relative links work. Must not change what a function answers.
"""

import json
import time

from ministack.services import apigateway, dynamodb, lambda_svc, sqs

import mail

# API Gateway refuses what Lambda could not take: 6 MB with the event around it.
BODY_BYTES_MAX = 6 * 1024 * 1024
DOORS = ("api", "public", "console")


class Doors:
    """The ASGI application in front of the emulator's."""

    def __init__(self, emulator, port, stack, activity, snapshots, mailbox):
        self._emulator = emulator
        self._ports = {port + 1 + number: name for number, name in enumerate(DOORS)}
        self._stack = stack
        self._activity = activity
        self._snapshots = snapshots
        self._mailbox = mailbox
        self._stream_paused = False
        self._pause_hook()

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self._emulator(scope, receive, send)
            return
        door = self._ports.get(scope["server"][1])
        if door:
            await self._forward(door, scope, receive, send)
        elif scope["path"] in ("/inbox", "/inbox.json") or scope["path"].startswith("/_local/"):
            await self._local(scope, receive, send)
        else:
            with self._activity:
                await self._emulator(scope, receive, send)

    # ------------------------------------------------------------------ three origins

    async def _forward(self, door, scope, receive, send):
        api = self._api_id(door)
        if api is None:
            await answer(send, 503, {"message": f"The {door} is not deployed yet."})
            return
        headers = [(name, value) for name, value in scope["headers"] if not name.lower().startswith(b"x-forwarded-")]
        length = next((int(value) for name, value in headers if name.lower() == b"content-length" and value.isdigit()), 0)
        if length > BODY_BYTES_MAX:
            await drain(receive)
            await answer(send, 413, {"message": "Request Entity Too Large"})
            return
        prefix = f"/_aws/execute-api/{api}/$default"
        headers += [(b"x-forwarded-for", (scope.get("client") or ("127.0.0.1",))[0].encode()),
                    (b"x-forwarded-proto", b"http"), (b"x-forwarded-port", str(scope["server"][1]).encode())]
        raw = scope.get("raw_path") or scope["path"].encode()
        inner = {**scope, "headers": headers, "path": prefix + scope["path"], "raw_path": prefix.encode() + raw}
        with self._activity:
            await self._emulator(inner, receive, send)

    def _api_id(self, door):
        wanted = f"{self._stack}-{door}"
        return next((key[-1] for key, api in list(apigateway._apis._data.items()) if api["name"] == wanted), None)

    # ------------------------------------------------------------------ inbox and controls

    async def _local(self, scope, receive, send):
        method, path = scope["method"], scope["path"]
        if path == "/inbox":
            await answer(send, 200, mail.PAGE.read_bytes(), "text/html; charset=utf-8")
        elif path == "/inbox.json":
            await answer(send, 200, {"items": mail.listed()})
        elif (method, path) == ("GET", "/_local/state"):
            await answer(send, 200, self._state())
        elif (method, path) == ("POST", "/_local/save"):
            await self._snapshots.save()
            await answer(send, 200, {"saved": True})
        elif method == "POST" and path in ("/_local/stream/pause", "/_local/stream/resume"):
            self._stream_paused = path.endswith("pause")
            lambda_svc._esm_wake.set()
            await answer(send, 200, self._state())
        elif (method, path) == ("POST", "/_local/mail/fail"):
            order = json.loads(await drain(receive) or b"{}")
            if order.get("kind") not in mail.FAULTS:
                await answer(send, 422, {"message": f"kind must be one of {', '.join(mail.FAULTS)}"})
                return
            self._mailbox.fail_next(order["kind"], int(order.get("count", 1)))
            await answer(send, 200, order)
        else:
            await answer(send, 404, {"message": "unknown control"})

    def _state(self):
        waiting = {url.rsplit("/", 1)[-1]: len(queue["messages"]) for (_, _, url), queue in list(sqs._queues._data.items())}
        unread = _unread_records()
        return {
            "streamPaused": self._stream_paused,
            "running": self._activity.running,
            "unreadRecords": unread,
            "queues": waiting,
            # Nothing under way and nothing waiting except for its time: delayed messages and schedules do not count.
            "idle": not self._activity.running and not unread and not _visible_messages(),
        }

    def _pause_hook(self):
        poll = lambda_svc._poll_dynamodb_streams
        lambda_svc._poll_dynamodb_streams = lambda: False if self._stream_paused else poll()


def _unread_records():
    unread = 0
    for (account, region, key), mapping in list(lambda_svc._esms._data.items()):
        source = mapping.get("EventSourceArn", "")
        if ":dynamodb:" in source:
            table = source.split("/stream/")[0].split("/")[-1]
            end = dynamodb.stream_end_position(table, account_id=account, region=region)
            unread += max(0, end - lambda_svc._dynamodb_stream_positions.get_scoped(account, region, key, 0))
    return unread


def _visible_messages():
    read = {mapping.get("EventSourceArn") for mapping in list(lambda_svc._esms._data.values())}
    return sum(1 for queue in list(sqs._queues._data.values()) if queue["attributes"].get("QueueArn") in read
               for message in queue["messages"] if message.get("visible_at", 0) <= time.time())


async def drain(receive):
    """The whole body of a request."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return body


async def answer(send, status, body, kind="application/json"):
    """Sends a complete response; a dict goes as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    await send({"type": "http.response.start", "status": status, "headers": [
        (b"content-type", kind.encode()), (b"content-length", str(len(data)).encode()), (b"cache-control", b"no-store")]})
    await send({"type": "http.response.body", "body": data})
