"""`make test`: runs every check, each even if another failed, and ends with one line of sums. Checks nothing itself.

A Rust test that cannot run appends one line to the file named by SKIP_LOG and returns: it is then counted as skipped
and its line is shown. Named steps on the command line run alone.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

import dev

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BIN = pathlib.Path(sys.executable).parent
RESULT = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored", re.MULTILINE)
NO_BROWSER = "browser suite: no Chromium found. Install it: apt-get install chromium"


class Sums:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.words = []

    def add(self, passed=0, failed=0, skipped=0):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped

    def skip(self, why):
        self.add(skipped=1)
        self.words.append(f"skipped: {why}")

    def fail(self, what):
        self.add(failed=1)
        self.words.append(f"failed: {what}")


def command(sums, name, *words):
    """A check that passes or fails as a whole."""
    print(f"\n── {name}", flush=True)
    if subprocess.run(words, cwd=ROOT, check=False).returncode:
        sums.fail(name)
    else:
        sums.add(passed=1)


def step_format(sums):
    command(sums, "format", "cargo", "fmt", "--all", "--check")


def step_lint(sums):
    command(sums, "lint", "cargo", "clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings")


def step_template(sums):
    command(sums, "template", str(BIN / "cfn-lint"), "template.yaml")


def step_python(sums):
    print("\n── local tools", flush=True)
    pytest(sums, "local tools", HERE / "tests" / "unit")


def step_rust(sums):
    print("\n── Rust tests", flush=True)
    with tempfile.NamedTemporaryFile("r", suffix=".skips") as skips:
        done = subprocess.Popen(["cargo", "test", "--quiet", "--workspace", "--no-fail-fast"], cwd=ROOT, text=True,
                                stdout=subprocess.PIPE, env={**os.environ, "SKIP_LOG": skips.name})
        output = []
        for line in done.stdout:
            print(line, end="", flush=True)
            output.append(line)
        code = done.wait()
        words = [line.strip() for line in skips if line.strip()]
    passed, failed, ignored = (sum(column) for column in zip((0, 0, 0), *(
        map(int, found) for found in RESULT.findall("".join(output)))))
    sums.add(passed - len(words), failed, ignored)
    for word in words:
        sums.skip(word)
    if code and not failed:
        sums.fail("Rust tests did not build or did not finish")


def step_e2e(sums):
    print("\n── end to end", flush=True)
    if built(sums):
        pytest(sums, "end to end", HERE / "tests" / "stack", ROOT / "tests" / "e2e")


def step_browser(sums):
    print("\n── browser", flush=True)
    suite = ROOT / "tests" / "browser"
    browser = find_browser()
    if not any(suite.glob("test_*.py")):
        print("no browser suite yet")
    elif browser is None:
        sums.skip(NO_BROWSER)
    elif built(sums):
        pytest(sums, "browser", suite, browser=browser)


def built(sums):
    if subprocess.run(["cargo", "build", "--quiet", "--workspace", "--bins"], cwd=ROOT, check=False).returncode:
        sums.fail("the functions do not build")
        return False
    return True


def find_browser():
    """Path of Chromium; installs Debian's when that is possible."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if not found and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run("apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium", shell=True,
                       check=False)
        found = next(filter(None, map(shutil.which, names)), None)
    return found


def pytest(sums, name, *suites, browser=None):
    folders = [str(suite) for suite in suites if any(suite.glob("**/test_*.py"))]
    if not folders:
        print("none")
        return
    environment = {**os.environ, "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1"}
    if browser:
        environment["BROWSER"] = browser
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "report.xml"
        code = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "stack_fixture",
                               f"--junitxml={report}", *folders], cwd=ROOT, env=environment, check=False).returncode
        if not report.exists():
            sums.fail(f"{name}: pytest ended with {code}")
            return
        suite = ElementTree.parse(report).getroot().find("testsuite")
        count = {key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")}
        for skipped in suite.iter("skipped"):
            sums.words.append(f"skipped: {skipped.get('message')}")
    failed = count["failures"] + count["errors"]
    sums.add(count["tests"] - failed - count["skipped"], failed, count["skipped"])


STEPS = {"format": step_format, "lint": step_lint, "template": step_template, "python": step_python,
         "rust": step_rust, "e2e": step_e2e, "browser": step_browser}


def main():
    wanted = sys.argv[1:] or list(STEPS)
    unknown = set(wanted) - set(STEPS)
    if unknown:
        raise SystemExit(f"unknown step {', '.join(unknown)}; there are {', '.join(STEPS)}")
    sums = Sums()
    for name in wanted:
        STEPS[name](sums)
    print()
    for word in sums.words:
        print(word)
    print(f"{sums.passed} passed, {sums.failed} failed, {sums.skipped} skipped")
    sys.exit(1 if sums.failed else 0)


if __name__ == "__main__":
    main()
