"""What the Rust programs measure: engine beside SpiffWorkflow and bpmn-engine, growth, reader, scripts, request units, lists. Computes ratios only."""

import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

import build
from report import Row

HERE = pathlib.Path(__file__).resolve().parent
MODEL = build.ROOT / "tests" / "benches" / "approval.bpmn"
# Outside the repository, which must stay free of other people's code.
PEERS_FOLDER = pathlib.Path(tempfile.gettempdir()) / "countersign-bench"
SPIFF, BPMN_ENGINE = "3.2.0", "25.0.1"
PEER_LIVES, ENGINE_LIVES, TURNS = 600, 20_000, 3
MIB_AIM = 100
# Ten times as much may take this much longer for each; quadratic growth would be 10.
GROWTH_AIM = 2
WRITE_MAX, READ_MAX, ITEM_BYTES = 28, 10, 1024
LISTS_SIZES, LISTS_FLAT = "1000,100000,1000000", 1.1


def ran(*words):
    """The JSON object a program prints last."""
    output = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True).stdout
    return json.loads(output.splitlines()[-1])


def spiffworkflow():
    """The words that run SpiffWorkflow, or None where it cannot be installed."""
    folder = PEERS_FOLDER / f"spiffworkflow-{SPIFF}"
    python = folder / "bin" / "python"
    installs = [[sys.executable, "-m", "venv", folder],
                [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"SpiffWorkflow=={SPIFF}"]]
    return [python, HERE / "spiff.py", MODEL, PEER_LIVES] if installed(folder, installs) else None


def bpmn_engine():
    """The words that run bpmn-engine, or None where it cannot be installed."""
    if shutil.which("npm") is None:
        return None
    folder = PEERS_FOLDER / f"bpmn-engine-{BPMN_ENGINE}"
    installs = [["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, f"bpmn-engine@{BPMN_ENGINE}"]]
    return ["node", HERE / "bpmn_engine.mjs", MODEL, PEER_LIVES, folder] if installed(folder, installs) else None


def installed(folder, installs):
    """Whether other people's code is there, now or since an earlier run."""
    ready = folder / "ready"
    if not ready.exists():
        folder.mkdir(parents=True, exist_ok=True)
        if any(subprocess.run([str(word) for word in words], check=False).returncode for words in installs):
            return False
        ready.touch()
    return True


# Name, how it is run, and what is aimed at with the state stored.
PEERS = [(f"SpiffWorkflow {SPIFF}", spiffworkflow, 25), (f"bpmn-engine {BPMN_ENGINE}", bpmn_engine, 100)]


def engine():
    """The same model in one thread of each engine, in turns, by the time on a core."""
    program = build.bench("engine")
    peers = [(name, words(), aim) for name, words, aim in PEERS]
    ours, theirs = [], {name: [] for name, words, _ in peers if words}
    for _ in range(TURNS):
        for name, words, _ in peers:
            if words:
                theirs[name].append(ran(*words))
        ours.append(ran(program, ENGINE_LIVES))
    for way, where in (("memory", "in memory"), ("stored", "state written and read back at the wait")):
        mine = statistics.median(run[f"{way}_per_s"] for run in ours)
        yield Row(f"engine: {where}", f"{mine:,.0f} instances/s of a core", "reported")
        for name, words, aim in peers:
            if not words:
                yield Row(f"engine: {where}, beside {name}", "it could not be installed here")
                continue
            peer = statistics.median(run[f"{way}_per_s"] for run in theirs[name])
            bound = way == "stored"
            yield Row(f"engine: {where}, beside {name}", f"{mine / peer:.1f} × its {peer:,.0f} instances/s of a core",
                      f"{aim} ×" if bound else "", mine / peer >= aim if bound else None)
    share = {way: statistics.median(run[f"script_share_{way}"] for run in ours) for way in ("memory", "stored")}
    yield Row("engine: time in QuickJS", f"{share['stored']:.0%} with the state stored, {share['memory']:.0%} in memory"
              f" ({ours[0]['scripts_per_instance']:.0f} scripts an instance)", "reported")
    sizes = [f"{ours[0]['waiting_bytes']:,} B as JSON"] + [f"{name} {runs[0]['waiting_bytes']:,} B" for name, runs in theirs.items()]
    yield Row("engine: waiting state of that model", "; ".join(sizes), "reported")


def growth():
    """Models of a size and of ten times that size: what each reached element costs."""
    for shape in ran(build.bench("growth"))["shapes"]:
        small, large = shape["sizes"]
        name = f"growth: {shape['name']}, {small['size']:,} and {large['size']:,} {shape['unit']}"
        ratios, words = [], []
        for way, where in (("memory_s", "in memory"), ("stored_s", "stored after each command")):
            costs = [1e6 * one[way] / one["elements"] for one in (small, large)]
            ratios.append(costs[1] / costs[0])
            words.append(f"{where} {costs[0]:.1f} and {costs[1]:.1f} µs an element, {ratios[-1]:.2f} ×")
        words.append(f"{small['events'] / small['elements']:.2f} and {large['events'] / large['elements']:.2f} events an element")
        words.append(f"{large['commands']:,} commands, state at most {large['state_bytes_max']:,} B")
        yield Row(name, "; ".join(words), f"at most {GROWTH_AIM} ×", max(ratios) <= GROWTH_AIM)


def reading():
    """BPMN files to compiled processes."""
    found = ran(build.bench("reading"))
    corpus = found["corpus"]
    if corpus is None:
        yield Row("reader: corpus", "skipped: ../shared/bpmn-corpus is not there")
    else:
        yield Row(f"reader: corpus, {corpus['files']} files, {corpus['accepted']} accepted",
                  f"{corpus['mb_per_s']:.0f} MB/s, {corpus['ms_per_mib']:.0f} ms a MiB, {corpus['steps_per_byte']:.2f} steps a byte",
                  f"at most {MIB_AIM} ms a MiB", corpus["ms_per_mib"] <= MIB_AIM)
    for file in found["generated"]:
        yield Row(f"reader: generated file of {file['bytes'] / 2**20:.2f} MiB",
                  f"{file['mb_per_s']:.0f} MB/s, {file['ms_per_mib']:.0f} ms a MiB, {file['steps_per_byte']:.2f} steps a byte",
                  f"at most {MIB_AIM} ms a MiB", file["ms_per_mib"] <= MIB_AIM)


def scripts():
    """One evaluation in a new interpreter and in a kept one."""
    output = build.cargo("run", "--release", "--quiet", "--package", "script", "--example", "speed")
    for line in output.splitlines()[1:]:
        found = re.match(r"(.+?)\s{2,}([\d.]+)\s+([\d.]+)\s+(\d+)$", line)
        if found:
            name, cold, warm, _ = found.groups()
            yield Row(f"script: {name}", f"{float(warm):.1f} µs warm, {float(cold) / 1000:.2f} ms in a new interpreter", "reported")


def units():
    """The tables that the test `budget` holds as snapshots; it fails when one of them grows."""
    passed = "0 failed" in build.cargo("test", "--package", "tests", "--test", "it", "budget", check=False)
    if not passed:
        yield Row("request units", "the test `budget` fails: what follows is what it expects", "", False)
    for line in snapshot("life").splitlines():
        yield from counted("life", line, passed)
    for line in snapshot("life_of_the_demo").splitlines():
        if line.startswith("sum"):
            yield from counted("life of the demo, whose items are larger", line, None)
    for item, size in re.findall(r'"([^"]+)",\s*(\d+)', snapshot("sizes_of_waiting_items")):
        yield Row(f"waiting, five variables: {item}", f"{size} B", f"under {ITEM_BYTES} B", passed and int(size) < ITEM_BYTES)


def lists():
    """Pages of lists over tables of growing size; LISTS_SIZES names others, for a quick run."""
    sizes = os.environ.get("LISTS_SIZES", LISTS_SIZES)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "report.json"
        # Without optimisation at link time: the database does the work, and it is another's code.
        output = build.cargo("test", "--release", "--package", "store", "--lib", "--", "scale", check=False,
                             env={"LISTS_SIZES": sizes, "LISTS_REPORT": str(path), "CARGO_PROFILE_RELEASE_LTO": "off",
                                  "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16", "CARGO_PROFILE_RELEASE_OPT_LEVEL": "1"})
        found = json.loads(path.read_text()) if path.exists() else []
    if "test result: ok" not in output:
        yield Row("lists", f"the test `scale` fails at some of {sizes} tasks", "", False)
    yield from pages_of_lists(found)


def pages_of_lists(found):
    """One row for each shape: what a page costs at every size."""
    for shape in dict.fromkeys(one["shape"] for one in found):
        of_shape = [one for one in found if one["shape"] == shape]
        units = [one["units"] for one in of_shape]
        flat = max(units) <= LISTS_FLAT * min(units)
        costs = " / ".join(f"{one['units']:g} in {one['calls']}" for one in of_shape)
        times = " / ".join(f"{one['p50_ms']:.1f}" for one in of_shape)
        yield Row(f"list: {shape}", f"{costs} calls; p50 {times} ms; {of_shape[-1]['rows']} rows",
                  f"at most {of_shape[0]['bound']:g}, flat", flat and max(units) <= of_shape[0]["bound"])
    filled = {one["tasks"]: one["filled_s"] for one in found}
    yield Row("lists: tasks in the table, and seconds to fill it",
              " / ".join(f"{tasks:,} in {seconds:.0f} s" for tasks, seconds in filled.items()), "reported")


def snapshot(name):
    text = (build.ROOT / "tests" / "it" / "snapshots" / f"it__budget__{name}.snap").read_text()
    return text.split("---\n", 2)[2]


def counted(what, line, passed):
    """A line of a table: request units of a step, or schedules fired. `passed` None: no aim."""
    step = re.match(r"(.+?)\s{2,}([\d.]+)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)", line)
    if step:
        name, write, read, index_write, _ = step.groups()
        bound = name == "sum" and passed is not None
        yield Row(f"{what}: {name}", f"{write} write, {read} read; list index {index_write} write",
                  f"at most {WRITE_MAX} write, {READ_MAX} read" if bound else "",
                  passed and float(write) <= WRITE_MAX and float(read) <= READ_MAX if bound else None)
    elif line.startswith("schedules fired"):
        yield Row(f"{what}: schedules fired", line.split()[-1], "at most 2", passed and int(line.split()[-1]) <= 2)
