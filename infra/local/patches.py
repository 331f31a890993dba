"""Repairs of the pinned emulator, applied before it starts. Must hold no behaviour of the product.

Each repair names the gap it closes. They reach into private names, so `check` compares every one of them with what
the pinned version has and refuses to start otherwise: an upgrade is then a decision and not a surprise.
"""

import importlib.metadata
import json
import socketserver
import threading
from email.utils import parseaddr

from ministack import app
from ministack.core import iam_actions, lambda_runtime
from ministack.services import dynamodb, eventbridge, lambda_svc, scheduler, ses, ses_v2, sqs

PINNED = "1.5.33"

# module -> private names used anywhere under infra/local
TOUCHED = {
    app: ["app", "main", "load_state", "save_all", "_build_persistence_save_dict"],
    lambda_runtime: ["Worker", "ProvidedWorker"],
    lambda_runtime.Worker: ["_drain_stderr_bounded"],
    lambda_runtime.ProvidedWorker: ["_pump_output"],
    iam_actions: ["extract_resource_arn", "extract_iam_action"],
    lambda_svc: [
        "_write_code_blob", "_execute_function", "_execute_function_with_config_scope",
        "_execution_record_for_config", "_get_func_record_for_ref", "_route_async_failure", "_poll_dynamodb_streams",
        "_dynamodb_stream_positions", "_esms", "_esm_inflight", "_esm_wake",
    ],
    dynamodb: [
        "get_state", "load_persisted_state", "_stream_records", "_stream_trimmed", "_stream_seq_counter",
        "_ttl_settings",
    ],
    scheduler: ["_schedules", "_tick_schedules", "_at_time_epoch", "_SCHEDULE_TICK_INTERVAL"],
    eventbridge: ["_dispatch_to_sqs", "_put_events"],
    ses: ["get_state", "load_persisted_state", "_sent_emails", "_sent_emails_list"],
    ses_v2: ["handle_request", "_identities", "_config_sets"],
    sqs: ["_queues", "_queue_url_for_account", "load_persisted_state"],
}


class Activity:
    """Counts work in progress and remembers whether anything happened since the last snapshot. Thread-safe."""

    def __init__(self):
        self._lock = threading.Lock()
        self._running = 0
        self._changed = False

    def __enter__(self):
        with self._lock:
            self._running += 1
            self._changed = True
        return self

    def __exit__(self, *_):
        with self._lock:
            self._running -= 1
            self._changed = True

    @property
    def running(self):
        return self._running

    def touch(self):
        with self._lock:
            self._changed = True

    def changed(self):
        """Whether something happened since the last call; forgets it."""
        with self._lock:
            was, self._changed = self._changed, False
            return was

    def pending_change(self):
        return self._changed


def check():
    """Raises SystemExit with what is wrong unless the emulator is the one these repairs were written for."""
    version = importlib.metadata.version("ministack")
    if version != PINNED:
        raise SystemExit(f"ministack {version} is installed, infra/local/patches.py was written for {PINNED}."
                         " Run `make venv` to restore the pin.")
    missing = [f"{owner.__name__}.{name}" for owner, names in TOUCHED.items() for name in names
               if not hasattr(owner, name)]
    if missing:
        raise SystemExit("ministack lacks what infra/local/patches.py repairs: " + ", ".join(missing))


def apply(activity, log_line):
    """Applies every repair. `log_line(function, text)` receives each line that a function writes."""
    check()
    _no_delays()
    _count_invocations(activity)
    _tee_logs(log_line)
    _remember_blob_hashes()
    _keep_streams()
    _keep_mail()
    _name_resources()
    _follow_port()


def _no_delays():
    # Headers and body of the runtime API leave in two writes: with Nagle's algorithm each invocation waits 40 ms for
    # a delayed acknowledgement. A handler that logs nothing costs another 50 ms of waiting for its first line.
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True
    drain = lambda_runtime.Worker._drain_stderr_bounded

    def drain_soon(self, first_line_wait=0.002, idle_confirm=0.001, hard_cap=0.25):
        return drain(self, min(first_line_wait, 0.1), idle_confirm, hard_cap)

    lambda_runtime.Worker._drain_stderr_bounded = drain_soon
    # Swept every 10 s as published: reminders of a demo would be late by as much.
    scheduler._SCHEDULE_TICK_INTERVAL = 1


def _count_invocations(activity):
    execute = lambda_svc._execute_function

    def counted(func, event):
        with activity:
            return execute(func, event)

    lambda_svc._execute_function = counted


def _tee_logs(log_line):
    pump = lambda_runtime.ProvidedWorker._pump_output

    class Tee:
        def __init__(self, stream, function):
            self._stream, self._function = stream, function

        def readline(self):
            raw = self._stream.readline()
            if raw:
                log_line(self._function, raw.decode("utf-8", errors="replace").rstrip("\r\n"))
            return raw

        def close(self):
            self._stream.close()

    lambda_runtime.ProvidedWorker._pump_output = lambda self, stream, queue: pump(
        self, Tee(stream, self.func_name), queue)


def _remember_blob_hashes():
    # Every snapshot would hash every function's zip again, half a second of the only event loop.
    write, known = lambda_svc._write_code_blob, {}

    def write_once(code):
        if code not in known:
            if len(known) > 64:
                known.clear()
            known[code] = write(code)
        return known[code]

    lambda_svc._write_code_blob = write_once


def _keep_streams():
    # Positions of stream readers are saved as published, the records are not: after a restart as many new records
    # are skipped as there were before. Records that every reader has passed are left out.
    state, load = dynamodb.get_state, dynamodb.load_persisted_state

    def get_state():
        kept, trimmed = type(dynamodb._stream_records)(), type(dynamodb._stream_trimmed)()
        for (account, region, table), records in list(dynamodb._stream_records._data.items()):
            start = dynamodb._stream_trimmed.get_scoped(account, region, table, 0)
            passed = max(0, min((p for p in _reader_positions(account, region, table)), default=start) - start)
            kept.set_scoped(account, region, table, list(records[passed:]))
            trimmed.set_scoped(account, region, table, start + min(passed, len(records)))
        return {**state(), "stream_records": kept, "stream_trimmed": trimmed,
                "stream_counter": dynamodb._stream_seq_counter}

    def load_state(data):
        load(data)
        dynamodb._stream_records.update(data.get("stream_records", {}))
        dynamodb._stream_trimmed.update(data.get("stream_trimmed", {}))
        dynamodb._stream_seq_counter = data.get("stream_counter", 0)

    dynamodb.get_state, dynamodb.load_persisted_state = get_state, load_state


def _reader_positions(account, region, table):
    for (owner, place, key), mapping in list(lambda_svc._esms._data.items()):
        source = mapping.get("EventSourceArn", "")
        if (owner, place) == (account, region) and f":table/{table}/stream/" in source:
            yield lambda_svc._dynamodb_stream_positions.get_scoped(account, region, key, 0)


def _keep_mail():
    state, load = ses.get_state, ses.load_persisted_state

    def get_state():
        return {**state(), "sent": [[list(key), list(mails)] for key, mails in list(ses._sent_emails._data.items())]}

    def load_state(data):
        load(data)
        for key, mails in data.get("sent", []):
            ses._sent_emails._data[tuple(key)] = mails

    ses.get_state, ses.load_persisted_state = get_state, load_state


def _name_resources():
    # IAM is asked about schedules as if all lay in the default group, and about mail without its identity.
    extract = iam_actions.extract_resource_arn

    def extract_resource_arn(service, method, path, headers, body, query_params, region, account_id):
        if service == "scheduler" and path.startswith("/schedules/"):
            group = _field(body, "GroupName") or (query_params.get("groupName") or ["default"])[0]
            return f"arn:aws:scheduler:{region}:{account_id}:schedule/{group}/{path.rsplit('/', 1)[-1]}"
        if service == "ses" and path.rstrip("/").endswith("/outbound-emails"):
            address = parseaddr(_field(body, "FromEmailAddress") or "")[1]
            identity = address if address in ses_v2._identities else address.rpartition("@")[2]
            return f"arn:aws:ses:{region}:{account_id}:identity/{identity}"
        return extract(service, method, path, headers, body, query_params, region, account_id)

    iam_actions.extract_resource_arn = extract_resource_arn

    # SQS allows a batch to whoever may do the single call; there is no permission for the batch.
    action = iam_actions.extract_iam_action

    def extract_iam_action(service, *request):
        name = action(service, *request)
        return name.removesuffix("Batch") if name and service == "sqs" else name

    iam_actions.extract_iam_action = extract_iam_action


def _follow_port():
    # Queues are kept under an address with the port of the run that made them: on another port none is polled.
    load = sqs.load_persisted_state

    def load_state(data):
        queues = type(sqs._queues)()
        for (account, region, url), queue in data.get("queues", sqs._queues)._data.items():
            queues.set_scoped(account, region, sqs._queue_url_for_account(account, url.rsplit("/", 1)[-1]), queue)
        load({**data, "queues": queues})

    sqs.load_persisted_state = load_state


def _field(body, name):
    try:
        value = json.loads(body or b"{}").get(name)
    except (ValueError, AttributeError):
        return None
    return value if isinstance(value, str) else None
