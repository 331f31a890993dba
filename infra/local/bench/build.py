"""Release builds, each once in a run. Runs nothing."""

import functools
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]


# `--no-build`: release binaries are taken as they are.
as_they_are = False


@functools.cache
def functions():
    """Folder of the stripped release binaries."""
    if not as_they_are:
        cargo("build", "--release", "--quiet", "--workspace", "--bins", "--target", host())
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target") / host() / "release"


@functools.cache
def _benches():
    output = cargo("bench", "--quiet", "--package", "benches", "--no-run", "--message-format", "json", "--target", host())
    messages = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return {message["target"]["name"]: message["executable"] for message in messages
            if message.get("executable") and "bench" in message["target"]["kind"]}


@functools.cache
def host():
    """Triple of this machine. It is named to cargo, because the flags of releases hold for named targets only."""
    lines = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout.splitlines()
    return next(line.removeprefix("host: ") for line in lines if line.startswith("host: "))


def release_flags():
    """The names and values of infra/release.env."""
    lines = (ROOT / "infra" / "release.env").read_text().splitlines()
    pairs = (line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return {name: value.strip('"').replace("$PWD", str(ROOT)) for name, value in pairs}


def bench(name):
    """Path of a program of tests/benches, built as the functions are."""
    return pathlib.Path(_benches()[name])


def cargo(*words, check=True, env=None):
    """Output of cargo with the flags of releases; what it has to say while it works goes to the terminal."""
    done = subprocess.run(["cargo", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False,
                          env={**os.environ, **release_flags(), **(env or {})})
    if check and done.returncode:
        raise SystemExit(f"cargo {' '.join(words)} failed")
    return done.stdout
