"""`make bench`: prints what docs/benchmarks.md records. Asserts nothing: times belong to a machine.

    bench.py [--record] [--no-build] [STEP ...]     steps: units lists memory starts sizes engine growth reading scripts dev (default: all)

`--record` writes the results with date and machine into docs/benchmarks.md, replacing those of the same steps.
"""

import argparse
import datetime
import os
import pathlib
import platform
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "bench"))

import build
import functions
import programs
import report
import start_of_dev

RECORD = HERE.parents[1] / "docs" / "benchmarks.md"
STEPS = {"units": programs.units, "lists": programs.lists, "memory": functions.memory, "starts": functions.starts, "sizes": functions.sizes,
         "engine": programs.engine, "growth": programs.growth, "reading": programs.reading, "scripts": programs.scripts, "dev": start_of_dev.start}


def main():
    parser = argparse.ArgumentParser(description="The measurements of docs/benchmarks.md")
    parser.add_argument("steps", nargs="*", metavar="STEP", help=", ".join(STEPS))
    parser.add_argument("--record", action="store_true", help="write the results into docs/benchmarks.md")
    parser.add_argument("--no-build", action="store_true", help="take the functions' release binaries as they are")
    options = parser.parse_args()
    build.as_they_are = options.no_build
    for step in options.steps:
        if step not in STEPS:
            parser.error(f"no step {step}; there are {', '.join(STEPS)}")
    every = []
    for step in options.steps or STEPS:
        print(f"measuring: {step} ...", file=sys.stderr, flush=True)
        rows = list(STEPS[step]())
        every += rows
        if options.record:
            record(step, rows)
    print(report.plain(every))


def machine():
    cores = os.cpu_count()
    model = next((line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.processor())
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=False).stdout.split()
    load = os.getloadavg()[0]
    return (f"{datetime.date.today()}, {cores} × {model}, {platform.system()} {platform.machine()},"
            f" rustc {rustc[1] if rustc else '?'}, load {load:.1f}")


def record(step, rows):
    """Replaces what stands between the marks of the step."""
    text = RECORD.read_text()
    begin, end = f"<!-- {step}: begin -->", f"<!-- {step}: end -->"
    if begin not in text:
        raise SystemExit(f"{RECORD} has no place for {step}: {begin}")
    body = f"{begin}\n{report.markdown(rows)}\n\nMeasured {machine()}.\n{end}"
    RECORD.write_text(re.sub(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: body, text, flags=re.DOTALL))


if __name__ == "__main__":
    main()
