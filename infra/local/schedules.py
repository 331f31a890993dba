"""Fires due one-time schedules of the emulator as AWS does. Must not fire anything that is not due.

As published the emulator tries a Lambda target once, ignores its retries and failure destination, reads every `at()`
as UTC and forgets a schedule before its target has run. Here a schedule is removed only when its target has taken it,
so one that was firing when the stack was killed fires again.
"""

import json
import re
import threading
import time
from datetime import datetime
from zoneinfo import ZoneInfo

from ministack.core.arn import parse_arn
from ministack.core.responses import set_request_account_id, set_request_region
from ministack.services import eventbridge, lambda_svc, scheduler

AT = re.compile(r"^\s*at\((\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)\)\s*$")
RETRY_PAUSE_SECONDS = 1


def due_at(schedule):
    """Moment of a one-time schedule in seconds since 1970, None for any other."""
    found = AT.match(schedule.get("ScheduleExpression", ""))
    if not found:
        return None
    zone = ZoneInfo(schedule.get("ScheduleExpressionTimezone") or "UTC")
    return datetime.fromisoformat(found[1]).replace(tzinfo=zone).timestamp()


class Clockwork:
    """Replaces the emulator's sweep. `activity` counts a firing as work in progress."""

    def __init__(self, activity):
        self._activity = activity
        self._firing = set()
        self._lock = threading.Lock()

    def install(self):
        scheduler._tick_schedules = self.tick

    def tick(self):
        now = time.time()
        for key, schedule in list(scheduler._schedules._data.items()):
            at = due_at(schedule)
            if at is None or at > now or schedule.get("State") != "ENABLED":
                continue
            with self._lock:
                if key in self._firing:
                    continue
                self._firing.add(key)
            threading.Thread(target=self._fire, args=(key, schedule), daemon=True).start()

    def _fire(self, key, schedule):
        account, region, _ = key
        with self._activity:
            set_request_account_id(account)
            set_request_region(region)
            try:
                deliver(schedule["Target"])
            except Exception as error:  # one bad target must not stop the others
                print(f"schedule {schedule.get('Name')}: {error}", flush=True)
            finally:
                # A namesake made meanwhile is another schedule and stays.
                if scheduler._schedules._data.get(key) is schedule:
                    if schedule.get("ActionAfterCompletion") == "DELETE":
                        scheduler._schedules._data.pop(key, None)
                    else:
                        schedule["State"] = "DISABLED"
                with self._lock:
                    self._firing.discard(key)


def deliver(target):
    """Hands a target its input: a function with its asynchronous retries and failure destination, or a queue."""
    spec = parse_arn(target["Arn"])
    payload = target.get("Input") or "{}"
    if spec.service == "sqs":
        eventbridge._dispatch_to_sqs(spec, payload, target.get("SqsParameters") or {})
        return
    function, config, name = lambda_svc._get_func_record_for_ref(target["Arn"])
    if not function or not config:
        raise LookupError(f"target {target['Arn']} does not exist")
    record = lambda_svc._execution_record_for_config(function, config)
    settings = function.get("event_invoke_config") or (function.get("event_invoke_configs") or {}).get("$LATEST") or {}
    retries = settings.get("MaximumRetryAttempts")
    event, result = json.loads(payload), None
    for attempt in range(1 + int(2 if retries is None else retries)):
        if attempt:
            time.sleep(RETRY_PAUSE_SECONDS * attempt)
        result = lambda_svc._execute_function_with_config_scope(record, event)
        if not result.get("error"):
            return
    destination = ((settings.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    if destination:
        lambda_svc._route_async_failure(destination, name, event, result)
