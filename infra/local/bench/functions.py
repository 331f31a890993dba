"""Starts, sizes and memory of the release functions. Must not judge what functions answer."""

import json
import pathlib
import statistics
import tempfile

import build
import package
import stack_fixture
from deploy import client
from report import Row
from runtime_api import Function, SecretStandIn

ROOT = pathlib.Path(__file__).resolve().parents[3]
EVENTS = ROOT / "events"
ROUNDS = 41
CALLS = 100
RATIO_MAX, BYTES_MAX, MEMORY_MAX = 1.5, 8_000_000, 24 * 1024 * 1024
# Nothing is called at these: the functions only build their clients.
NAMES = ("TABLE_NAME LINK_SECRET_ARN EFFECTS_QUEUE_URL REMINDER_QUEUE_URL EXPIRY_QUEUE_URL TIMER_QUEUE_URL BULK_QUEUE_URL ACTIONS_QUEUE_URL"
         " SCHEDULE_GROUP"
         " SCHEDULER_ROLE_ARN REMINDER_FUNCTION_ARN EXPIRY_FUNCTION_ARN TIMER_FUNCTION_ARN SCHEDULE_DLQ_ARN MAIL_FROM"
         " EXPORT_BUCKET SECRET_PREFIX ACTION_WORKER").split()
# Token and link of the files in events/, foreign to every installation.
FOREIGN_TOKEN = "Bearer " + "A" * 43
FOREIGN_LINK = "AQAAAAEEPfkIgFoABAAAAAECAwQFBgcICQoLDA0ODw"


def starts():
    """Process start to first poll of the runtime API, side by side with an empty lambda_http function."""
    empty, binaries = build.bench("empty_function"), build.functions()
    stand_in = SecretStandIn()
    environment = {name: "https://127.0.0.1/bench" for name in NAMES}
    environment |= {"PUBLIC_URL": "https://public.example", "CONSOLE_URL": "https://console.example", "AWS_ENDPOINT_URL": stand_in.url}
    names = ["empty", *package.FUNCTIONS]
    seconds, core, until_secret = ({name: [] for name in names} for _ in range(3))
    for turn in range(ROUNDS + 2):
        # Another order each round, so that no function always follows the same one.
        for name in names[turn % len(names):] + names[:turn % len(names)]:
            stand_in.asked_at = None
            function = Function(empty if name == "empty" else binaries / name, environment)
            took, on_core = function.first_poll(), function.on_core()
            function.stop()
            if turn >= 2:
                seconds[name].append(took)
                core[name].append(on_core)
                if stand_in.asked_at:
                    until_secret[name].append(stand_in.asked_at - function.started_at)
    middle = {name: statistics.median(values) for name, values in core.items()}
    yield Row("start: empty lambda_http function", f"{middle['empty'] * 1e3:.2f} ms on a core,"
              f" {statistics.median(seconds['empty']) * 1e3:.1f} ms of the wall")
    for name in package.FUNCTIONS:
        ratio = middle[name] / middle["empty"]
        best = min(seconds[name]) / min(seconds["empty"])
        words = f"{ratio:.2f} × empty on a core, {best:.2f} × by the best of {ROUNDS} starts on the wall"
        if until_secret[name]:
            asked = min(until_secret[name]) / min(seconds["empty"])
            words += f", {asked:.2f} × when it asks for the secret"
        yield Row(f"start: {name}", words, f"at most {RATIO_MAX} ×", ratio <= RATIO_MAX)


def sizes():
    """Stripped release binaries."""
    binaries = build.functions()
    for name in package.FUNCTIONS:
        size = (binaries / name).stat().st_size
        yield Row(f"binary: {name}", f"{size / 1e6:.2f} MB", "at most 8 MB", size <= BYTES_MAX)


def memory():
    """Resident memory after a hundred calls with the payloads of events/, a local stack behind the function."""
    binaries = build.functions()
    with tempfile.TemporaryDirectory(prefix="countersign-bench-") as folder:
        stack = stack_fixture.LocalStack(folder, "--binaries", str(binaries)).start()
        try:
            link = open_link(stack)
            for name in package.FUNCTIONS:
                now, most, failed = after_calls(stack, binaries, name, link)
                words = f"{now / 2**20:.1f} MiB (peak {most / 2**20:.1f}), {CALLS} calls, {failed} of them refused events"
                yield Row(f"memory: {name}", words, "at most 24 MB", now <= MEMORY_MAX)
        finally:
            stack.stop()


def after_calls(stack, binaries, name, link):
    lambdas = client("lambda", stack.env["AWS_ENDPOINT_URL"])
    resource = "".join(part.capitalize() for part in name.split("-"))
    (found,) = [one for one in lambdas.list_functions()["Functions"]
                if one["FunctionName"].startswith(f"countersign-{resource}-")]
    environment = {**found["Environment"]["Variables"], "AWS_ENDPOINT_URL": stack.env["AWS_ENDPOINT_URL"]}
    payloads = [path.read_text().replace(FOREIGN_TOKEN, f"Bearer {stack.env['TOKEN_ADMIN']}").replace(FOREIGN_LINK, link)
                .encode() for path in sorted((EVENTS / name).glob("*.json"))]
    function, failed = Function(binaries / name, environment), 0
    try:
        function.first_poll()
        for number in range(CALLS):
            failed += function.call(payloads[number % len(payloads)], number)[0]
        return *function.memory(), failed
    finally:
        function.stop()


def open_link(stack):
    """The link of a task of the demo that waits, so that pages are shown and not only refused."""
    token = {"Authorization": f"Bearer {stack.env['TOKEN_ADMIN']}"}
    url = f"{stack.env['API_URL']}/v1/external-tasks"
    tasks = json.loads(stack.request("GET", f"{url}?status=PENDING", headers=token)[2])["items"]
    key = next(task["taskKey"] for task in tasks if task["processId"] == "SupplierApproval")
    return json.loads(stack.request("GET", f"{url}/{key}", headers=token)[2])["token"]
