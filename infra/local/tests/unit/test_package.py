"""Zips of functions: reproducible, named by content, with an executable bootstrap."""

import stat
import zipfile

import package


def binaries(folder, text=b"#!/bin/sh\n"):
    folder.mkdir(exist_ok=True)
    for name in package.FUNCTIONS:
        (folder / name).write_bytes(text + name.encode())
    return folder


def test_an_unchanged_binary_keeps_the_name_of_its_zip_and_a_changed_one_gets_another(tmp_path):
    built = binaries(tmp_path / "bin")
    first = package.package(built, tmp_path / "zips")
    (built / "api").write_bytes(b"#!/bin/sh\nchanged and longer")
    second = package.package(built, tmp_path / "zips")
    assert first["api"].name != second["api"].name
    assert first["outbox"] == second["outbox"]
    assert not first["api"].exists(), "zips that nothing deploys any more are removed"


def test_a_zip_holds_one_executable_bootstrap(tmp_path):
    made = package.package(binaries(tmp_path / "bin"), tmp_path / "zips")
    with zipfile.ZipFile(made["timer"]) as archive:
        (entry,) = archive.infolist()
        assert entry.filename == "bootstrap"
        assert entry.external_attr >> 16 & stat.S_IXUSR
        assert archive.read(entry) == b"#!/bin/sh\ntimer"


def test_a_missing_binary_is_named(tmp_path):
    built = binaries(tmp_path / "bin")
    (built / "expiry").unlink()
    try:
        package.package(built, tmp_path / "zips")
    except SystemExit as error:
        assert "expiry" in str(error)
    else:
        raise AssertionError("a missing binary was accepted")
