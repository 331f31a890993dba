"""Process of the local AWS: the pinned emulator with its repairs, its doors and its state on disk.

Started by dev.py; knows nothing of functions or tenants. Listens on 127.0.0.1 only. Ends on SIGTERM, on SIGINT and
when the process that started it is gone.
"""

import argparse
import asyncio
import os
import pathlib
import signal
import sys
import threading
import time

KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "RUST_BACKTRACE")
REGION = "us-east-1"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", required=True, help="folder of the state")
    parser.add_argument("--stack", required=True, help="stack whose APIs the doors serve")
    parser.add_argument("--logs", required=True, help="file that receives what functions write")
    parser.add_argument("--env", required=True, help="env file, removed at the end: it must not outlive the stack")
    parser.add_argument("--save-every", type=float, default=3.0, help="seconds between two snapshots")
    return parser.parse_args()


def set_environment(options):
    """The emulator reads its settings when imported and hands its whole environment to the functions."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    os.environ.clear()
    os.environ.update(kept)
    os.environ.update({
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(options.port),
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{options.port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "MINISTACK_REGION": REGION,
        "AUTH": "true",
        "PERSIST_STATE": "1",
        "STATE_DIR": options.state,
        "S3_PERSIST": "0",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
    })


class FunctionLog:
    """Appends the functions' lines to a file and the emulator's own warnings stay on its error stream."""

    def __init__(self, path):
        self._file = open(path, "a", encoding="utf-8", buffering=1)

    def __call__(self, function, line):
        self._file.write(f"{function}\t{line}\n")


def end_with_parent():
    parent = os.getppid()

    def watch():
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


async def serve(emulator, doors, snapshots, port):
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"127.0.0.1:{port + offset}" for offset in range(4)]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    config.graceful_timeout = 2
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    saving = asyncio.create_task(snapshots.run())
    await hypercorn_serve(doors, config, shutdown_trigger=stop.wait)
    saving.cancel()


def main():
    options = arguments()
    os.makedirs(options.state, exist_ok=True)
    set_environment(options)
    end_with_parent()

    import patches
    from doors import Doors
    from mail import Mailbox
    from ministack import app
    from ministack.core import lambda_runtime
    from schedules import Clockwork
    from snapshot import Snapshots

    activity = patches.Activity()
    patches.apply(activity, FunctionLog(options.logs))
    snapshots = Snapshots(options.state, activity, patches.PINNED, options.save_every)
    snapshots.install()
    mailbox = Mailbox(activity)
    mailbox.install()
    Clockwork(activity).install()
    doors = Doors(app.app, options.port, options.stack, activity, snapshots, mailbox)
    asyncio.run(serve(app.app, doors, snapshots, options.port))
    lambda_runtime.reset()
    pathlib.Path(options.env).unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
