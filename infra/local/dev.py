"""`make dev`: builds, starts the local AWS, deploys, loads the demo and follows the logs. Holds no product logic.

    dev.py up                      for a person: prints a table, follows the logs until Ctrl-C
    dev.py up --once --port 4700 --state /tmp/x --no-demo
                                   for a test: prints the path of the env file when ready, stops on SIGTERM

The env file is written when everything answers and removed when the stack stops.
"""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import demo
import deploy
import package

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MAIL_IDENTITY = "countersign.test"
MAIL_FROM = f"no-reply@{MAIL_IDENTITY}"
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 20


def arguments():
    parser = argparse.ArgumentParser(description="The local stack")
    up = parser.add_subparsers(dest="command", required=True).add_parser("up", help="start the stack")
    up.add_argument("--port", type=int, default=4566, help="the emulator; the API, pages and console take the next three")
    up.add_argument("--state", type=pathlib.Path, default=ROOT / ".dev" / "state", help="folder that keeps the state")
    up.add_argument("--env", type=pathlib.Path, help="env file (default: .dev/env, or env beside --state with --once)")
    up.add_argument("--stack", default="countersign", help="name of the stack")
    up.add_argument("--clean", action="store_true", help="forget the state first")
    up.add_argument("--once", action="store_true", help="print the env file's path when ready, follow no logs")
    up.add_argument("--no-build", action="store_true", help="take the binaries as they are")
    up.add_argument("--no-demo", action="store_true", help="load no demo tenant and process")
    up.add_argument("--save-every", type=float, default=3.0, help="seconds between two snapshots of the state")
    up.add_argument("--binaries", type=pathlib.Path, help="folder of the binaries (default: the target folder)")
    options = parser.parse_args()
    options.state = options.state.resolve()
    options.env = (options.env or (options.state.parent / "env")).resolve()
    return options


def binaries_folder(options):
    target = os.environ.get("CARGO_TARGET_DIR") or ROOT / "target"
    return options.binaries or pathlib.Path(target) / "debug"


class Stop(Exception):
    """Raised in the main thread by SIGTERM."""


class Stack:
    """The running emulator and what is deployed in it."""

    def __init__(self, options):
        self.options = options
        self.endpoint = f"http://127.0.0.1:{options.port}"
        self.logs = options.state.parent / "logs"
        self.process = None

    def urls(self):
        port = self.options.port
        return {"API_URL": f"http://127.0.0.1:{port + 1}", "PUBLIC_URL": f"http://127.0.0.1:{port + 2}",
                "CONSOLE_URL": f"http://127.0.0.1:{port + 3}", "MAIL_URL": f"{self.endpoint}/inbox"}

    def start(self):
        options = self.options
        self.logs.mkdir(parents=True, exist_ok=True)
        (self.logs / "functions.log").write_text("")
        with open(self.logs / "emulator.log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(HERE / "launcher.py"), "--port", str(options.port), "--state", str(options.state),
                 "--stack", options.stack, "--logs", str(self.logs / "functions.log"), "--env", str(options.env),
                 "--save-every", str(options.save_every)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        self.wait(f"{self.endpoint}/_local/state", "the emulator")

    def wait(self, url, what):
        """Returns when `url` answers below 500."""
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            self.check_alive()
            try:
                with urllib.request.urlopen(url, timeout=15):
                    return
            except urllib.error.HTTPError as error:
                if error.code < 500:
                    return
                problem = f"{error.code} {error.read(300).decode(errors='replace')}"
            except OSError as error:
                problem = str(error)
            if time.monotonic() > deadline:
                raise SystemExit(f"{what} did not answer at {url} in {START_SECONDS_MAX} s: {problem}\n{self.last_lines()}")
            time.sleep(0.05)

    def check_alive(self):
        if self.process.poll() is not None:
            raise SystemExit(f"The emulator ended with code {self.process.returncode}.\n{self.last_lines()}")

    def last_lines(self):
        lines = (self.logs / "emulator.log").read_text(errors="replace").splitlines()
        return "\n".join(lines[-20:])

    def deploy(self):
        zips = package.package(binaries_folder(self.options), self.options.state.parent / "zips")
        deploy.verify_sender(self.endpoint, MAIL_IDENTITY)
        parameters = {"Stage": "local", "PublicUrl": self.urls()["PUBLIC_URL"],
                      "ConsoleUrl": self.urls()["CONSOLE_URL"], "DemoUsers": json.dumps(demo.people()),
                      "MailIdentity": MAIL_IDENTITY, "MailFrom": MAIL_FROM, "LogLevel": os.environ.get("RUST_LOG", "info")}
        for name, variable in (("OidcIssuer", "OIDC_ISSUER"), ("OidcAudience", "OIDC_AUDIENCE"), ("OidcJwks", "OIDC_JWKS"),
                               ("OidcClientId", "OIDC_CLIENT_ID"), ("OidcClientSecretArn", "OIDC_CLIENT_SECRET_ARN"),
                               ("LocalHosts", "LOCAL_HOSTS")):
            if os.environ.get(variable):
                parameters[name] = os.environ[variable]
        outputs = deploy.deploy(self.endpoint, self.options.stack, zips, parameters)
        self.wait(f"{self.urls()['API_URL']}/healthz", "the API")
        return outputs

    def save(self):
        request = urllib.request.Request(f"{self.endpoint}/_local/save", method="POST", data=b"")
        urllib.request.urlopen(request, timeout=60).close()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.process.kill()


def refuse_second(port):
    for number in range(port, port + 4):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", number)) == 0:
                raise SystemExit(f"Port {number} is in use: a stack runs on PORT={port} already."
                                 f" Stop it, or take other ports: make dev PORT={port + 100}")


def build():
    # The whole workspace, as the tests do: building packages apart would compile shared crates with other features.
    if subprocess.run(["cargo", "build", "--quiet", "--workspace", "--bins"], cwd=ROOT, check=False).returncode:
        raise SystemExit("The build failed.")


def write_env(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    draft.write_text("".join(f"{key}={value}\n" for key, value in values.items()))
    draft.chmod(0o600)
    draft.replace(path)


def table(values):
    rows = [("API", values["API_URL"]), ("Public pages", values["PUBLIC_URL"]), ("Console", values["CONSOLE_URL"]),
            ("Inbox", values["MAIL_URL"]), ("AWS endpoint", values["AWS_ENDPOINT_URL"]), ("Table", values["TABLE_NAME"])]
    rows += [(f"Token {key[6:].lower()}", value) for key, value in values.items() if key.startswith("TOKEN_")]
    width = max(len(name) for name, _ in rows)
    edge = "─" * (width + 3 + max(len(value) for _, value in rows))
    return "\n".join(["", edge, *(f"{name:<{width}}   {value}" for name, value in rows), edge, ""])


def follow(stack):
    """Prints what functions write, and the emulator's warnings, until interrupted."""
    files = [open(stack.logs / "functions.log", encoding="utf-8", errors="replace"),
             open(stack.logs / "emulator.log", encoding="utf-8", errors="replace")]
    with contextlib.ExitStack() as closing:
        for file in files:
            closing.enter_context(file)
            file.seek(0, os.SEEK_END)
        while True:
            stack.check_alive()
            lines = [line for file in files for line in file]
            for line in lines:
                print(readable(line), flush=True)
            if not lines:
                time.sleep(0.2)


def readable(line):
    """`function  LEVEL  message  fields` of a structured log line; any other line as it is."""
    function, tab, text = line.rstrip("\n").partition("\t")
    if not tab:
        return line.rstrip("\n")
    name = function.rsplit("-", 1)[0].split("-", 1)[-1] if "-" in function else function
    with contextlib.suppress(ValueError):
        record = json.loads(text)
        fields = record.get("fields", {})
        message = fields.pop("message", record.get("message", ""))
        rest = " ".join(f"{key}={value}" for key, value in fields.items())
        text = f"{record.get('level', ''):5} {message} {rest}".rstrip()
    return f"{name:<12} {text}"


def run(options):
    refuse_second(options.port)
    options.env.unlink(missing_ok=True)
    if options.clean:
        shutil.rmtree(options.state, ignore_errors=True)
    stack = Stack(options)
    if not options.no_build:
        build()
    try:
        stack.start()
        outputs = stack.deploy()
        values = {**stack.urls(), "AWS_ENDPOINT_URL": stack.endpoint, "AWS_REGION": deploy.REGION,
                  "TABLE_NAME": outputs["TableName"]}
        settings = {**values, "LINK_SECRET_ARN": outputs["LinkSecretArn"],
                    "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                    # `admin replay` performs effects as the outbox does and reads the same variables.
                    **deploy.variables(stack.endpoint, outputs["OutboxFunction"])}
        if not options.no_demo:
            values.update(demo.load(settings, binaries_folder(options) / "admin", options.state / "demo.json"))
        stack.save()
        write_env(options.env, {**settings, **values})
        if options.once:
            print(options.env, flush=True)
            while True:
                stack.check_alive()
                time.sleep(0.2)
        print(table(values), flush=True)
        print("Following the logs. Ctrl-C stops the stack; its state is kept.", flush=True)
        follow(stack)
    finally:
        options.env.unlink(missing_ok=True)
        stack.stop()


def main():
    options = arguments()

    def stop(*_):
        raise Stop

    signal.signal(signal.SIGTERM, stop)
    try:
        run(options)
    except (KeyboardInterrupt, Stop):
        print("Stopped. `make dev` starts it again as it was.", file=sys.stderr)


if __name__ == "__main__":
    main()
