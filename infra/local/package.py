"""Turns built binaries into the zips that Lambda takes. Must not build or upload.

A zip is stored, not compressed (it never leaves the machine), reproducible, and named by its content, so an unchanged
function is not deployed again.
"""

import hashlib
import json
import pathlib
import shutil
import subprocess
import zipfile

FUNCTIONS = ("api", "console", "public-task", "outbox", "reminder", "expiry", "timer", "bulk-worker",
             "action-worker", "mail-events")
EPOCH = (1980, 1, 1, 0, 0, 0)


def package(binaries, zips):
    """Packages every function of folder `binaries` into folder `zips`; answers {function: path of its zip}."""
    zips.mkdir(parents=True, exist_ok=True)
    index = zips / "index.json"
    known = json.loads(index.read_text()) if index.exists() else {}
    made = {}
    for name in FUNCTIONS:
        binary = binaries / name
        if not binary.exists():
            raise SystemExit(f"{binary} is missing: build the functions first (make build).")
        stat = binary.stat()
        mark = f"{binary} {stat.st_size} {stat.st_mtime_ns}"
        entry = known.get(name)
        if not entry or entry["mark"] != mark or not (zips / entry["zip"]).exists():
            known[name] = entry = {"mark": mark, "zip": _zip(name, binary, zips)}
        made[name] = zips / entry["zip"]
    index.write_text(json.dumps(known))
    for old in zips.glob("*.zip"):
        if old not in made.values():
            old.unlink()
    return made


def _zip(name, binary, zips):
    stripped = zips / f"{name}.stripped"
    if not shutil.which("strip") or subprocess.run(
            ["strip", "-o", stripped, binary], stderr=subprocess.DEVNULL, check=False).returncode:
        shutil.copyfile(binary, stripped)
    content = stripped.read_bytes()
    stripped.unlink()
    path = pathlib.Path(f"{name}-{hashlib.sha256(content).hexdigest()[:16]}.zip")
    info = zipfile.ZipInfo("bootstrap", EPOCH)
    info.external_attr = 0o755 << 16
    with zipfile.ZipFile(zips / path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(info, content)
    return str(path)
