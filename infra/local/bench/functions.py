"""Starts, sizes and memory of the release functions. Must not judge what functions answer."""

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
FETCH_THE_SECRET = ("api", "public-task", "outbox")
# Nothing is called at these: the functions only build their clients.
NAMES = ("TABLE_NAME LINK_SECRET_ARN EFFECTS_QUEUE_URL REMINDER_QUEUE_URL EXPIRY_QUEUE_URL TIMER_QUEUE_URL SCHEDULE_GROUP"
         " SCHEDULER_ROLE_ARN REMINDER_FUNCTION_ARN EXPIRY_FUNCTION_ARN TIMER_FUNCTION_ARN SCHEDULE_DLQ_ARN MAIL_FROM").split()
FOREIGN_TOKEN = "Bearer " + "A" * 43


def starts():
    """Process start to first poll of the runtime API, side by side with an empty lambda_http function."""
    empty, binaries = build.bench("empty_function"), build.functions()
    stand_in = SecretStandIn()
    environment = {name: "https://127.0.0.1/bench" for name in NAMES}
    environment |= {"PUBLIC_URL": "https://public.example", "AWS_ENDPOINT_URL": stand_in.url}
    names = ["empty", *package.FUNCTIONS]
    seconds, until_secret = {name: [] for name in names}, {name: [] for name in names}
    for turn in range(ROUNDS + 2):
        # Another order each round, so that no function always follows the same one.
        for name in names[turn % len(names):] + names[:turn % len(names)]:
            stand_in.asked_at = None
            function = Function(empty if name == "empty" else binaries / name, environment)
            took = function.first_poll()
            function.stop()
            if turn >= 2:
                seconds[name].append(took)
                if stand_in.asked_at:
                    until_secret[name].append(stand_in.asked_at - function.started_at)
    base = statistics.median(seconds["empty"])
    yield Row("start: empty lambda_http function", f"{base * 1e3:.1f} ms (best {min(seconds['empty']) * 1e3:.1f})", "")
    for name in package.FUNCTIONS:
        took = statistics.median(seconds[name])
        best = min(seconds[name]) / min(seconds["empty"])
        words = f"{took / base:.2f} × empty ({took * 1e3:.1f} ms; of the best starts {best:.2f} ×)"
        if until_secret[name]:
            asked = statistics.median(until_secret[name])
            words += f"; {asked / base:.2f} × to its request for the secret"
        yield Row(f"start: {name}", words, f"at most {RATIO_MAX} ×", took / base <= RATIO_MAX)


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
            for name in package.FUNCTIONS:
                now, most, failed = after_calls(stack, binaries, name)
                words = f"{now / 2**20:.1f} MiB (peak {most / 2**20:.1f}), {CALLS} calls, {failed} ended in an error as they should"
                yield Row(f"memory: {name}", words, "at most 24 MB", now <= MEMORY_MAX)
        finally:
            stack.stop()


def after_calls(stack, binaries, name):
    lambdas = client("lambda", stack.env["AWS_ENDPOINT_URL"])
    resource = "".join(part.capitalize() for part in name.split("-"))
    (found,) = [one for one in lambdas.list_functions()["Functions"]
                if one["FunctionName"].startswith(f"countersign-{resource}-")]
    environment = {**found["Environment"]["Variables"], "AWS_ENDPOINT_URL": stack.env["AWS_ENDPOINT_URL"], "RUST_LOG": "off"}
    payloads = [path.read_text().replace(FOREIGN_TOKEN, f"Bearer {stack.env['TOKEN_ADMIN']}").encode()
                for path in sorted((EVENTS / name).glob("*.json"))]
    function, failed = Function(binaries / name, environment), 0
    try:
        function.first_poll()
        for number in range(CALLS):
            failed += function.call(payloads[number % len(payloads)], number)[0]
        return *function.memory(), failed
    finally:
        function.stop()
