"""Fixtures of the browser suite: one stack and one Chromium for all of it, and visitors that notice what must not happen."""

import os
import pathlib
import shutil
import sys

import pytest
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from product import Product  # noqa: E402 - the folder above must be on the path first
from stack_fixture import LocalStack  # noqa: E402
from visitor import Visitor  # noqa: E402


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    running = LocalStack(tmp_path_factory.mktemp("stack")).start()
    yield running
    running.stop()


@pytest.fixture
def product(stack):
    return Product(stack)


@pytest.fixture(scope="session")
def chromium():
    path = os.environ.get("BROWSER") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        # Containers give no user namespaces to root; the pages under test are our own.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium):
    """Makes visitors: `visit(width=360, dark=True, script=False)`. Each must have had a quiet visit at the end."""
    visitors = []

    def make(**options):
        visitors.append(Visitor(chromium, **options))
        return visitors[-1]

    yield make
    noises = [noise for visitor in visitors for noise in visitor.leave()]
    assert not noises, noises


@pytest.fixture
def visitor(visit):
    return visit()
