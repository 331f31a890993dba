"""Keeps the emulator's state on disk so that it survives a restart and a kill. Must not decide what the state means.

All services go into one file that is replaced atomically, taken on the event loop at a moment when no request and no
invocation is running. So a kill never finds a mail that was sent but whose sending was not yet recorded, except while
the machine is busy for FORCED_AFTER_SECONDS on end.
"""

import asyncio
import json
import os
import time

from ministack import app
from ministack.core import persistence

# Logs, metrics and uploaded zips are left out: they only grow, and nothing of the product reads them.
SERVICES = {
    "apigateway", "cloudformation", "dynamodb", "eventbridge", "iam", "lambda", "scheduler", "secretsmanager", "ses",
    "ses_v2", "sns", "sqs", "sts",
}
FORCED_AFTER_SECONDS = 10
POLL_SECONDS = 0.1


class Snapshots:
    """Reads the state once at start and writes it whenever something changed, at most once per `every` seconds."""

    def __init__(self, folder, activity, version, every):
        self._path = os.path.join(folder, "state.json")
        self._activity = activity
        self._version = version
        self._every = every
        self._last = time.monotonic()
        self._writing = None
        self._stored = self._read()

    def install(self):
        app.load_state = lambda service: self._stored.pop(service, None)
        app.save_all = lambda _services: self._write(self._collect())

    def _read(self):
        if not os.path.exists(self._path):
            return {}
        with open(self._path, encoding="utf-8") as file:
            data = json.load(file, object_hook=persistence._json_object_hook)
        if data.get("version") != self._version:
            raise SystemExit(f"{self._path} was written by ministack {data.get('version')}, this is {self._version}."
                             " Start empty with `make dev CLEAN=1`.")
        return data["services"]

    def _collect(self):
        self._activity.changed()
        self._last = time.monotonic()
        services = {}
        for name, get_state in app._build_persistence_save_dict().items():
            if name in SERVICES and (state := get_state()) is not None:
                services[name] = state
        return services

    def _write(self, services):
        draft = self._path + ".new"
        with open(draft, "w", encoding="utf-8") as file:
            json.dump({"version": self._version, "services": services}, file, default=persistence._json_default)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, self._path)

    async def save(self):
        """Writes the state as it is now and returns when it is on disk."""
        while self._writing and not self._writing.done():
            await asyncio.wait([self._writing])
        services = self._collect()
        self._writing = asyncio.ensure_future(asyncio.to_thread(self._write, services))
        await self._writing

    async def run(self):
        """Saves until cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            age = time.monotonic() - self._last
            if not self._activity.pending_change() or age < self._every:
                continue
            if self._activity.running == 0 or age > FORCED_AFTER_SECONDS:
                started = time.monotonic()
                await self.save()
                # A large state costs a large share of the loop: at most a tenth of the time.
                self._every = max(self._every, 10 * (time.monotonic() - started))
