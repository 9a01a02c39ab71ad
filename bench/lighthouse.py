"""Lighthouse, which judges pages in a real browser: from npm into the cache folder, when it is first asked for."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench.figures import BenchError
from embedded.n8n.installation import InstallError, default_cache, install_node, node_home, npm, one_at_a_time
from embedded.n8n.server import free_port

VERSION = "13.5.0"
CATEGORIES = ("performance", "accessibility", "best-practices")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic")
SECONDS = 150.0
BROWSERS = ("chromium", "google-chrome", "chrome")


def install() -> Path:
    """Return Lighthouse's program."""
    cache = default_cache()
    home = cache / f"lighthouse-{VERSION}"
    program = home / "node_modules" / "lighthouse" / "cli" / "index.js"
    if program.is_file():
        return program
    try:
        with one_at_a_time(cache / "n8n.lock"):
            install_node(cache)
            home.mkdir(exist_ok=True)
            (home / "package.json").write_text(json.dumps({"name": "hub-lighthouse", "private": True}))
            flags = ["--ignore-scripts", "--no-audit", "--no-fund"]
            npm(cache, f"Lighthouse {VERSION} from npm", ["install", f"lighthouse@{VERSION}", *flags], home)
    except InstallError as error:
        raise BenchError(str(error)) from error
    return program


def browser() -> str:
    found = next((place for name in BROWSERS if (place := shutil.which(name))), None)
    if found is None:
        raise BenchError("Lighthouse needs Chromium: `make browser` says how to get it.")
    return found


@contextmanager
def browsing(url: str, cookie: dict[str, str]) -> Iterator[int]:
    """Start a browser that is signed in, and yield the port at which it can be told what to do."""
    port = free_port()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, sync_playwright() as playwright:
        arguments = [*FLAGS, f"--remote-debugging-port={port}"]
        context = playwright.chromium.launch_persistent_context(profile, executable_path=browser(), args=arguments)
        context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookie.items()])
        try:
            yield port
        finally:
            context.close()


def scores(url: str, port: int) -> dict[str, float]:
    """Judge a page as a desk sees it, 0 to 100 in each category, in the browser at this port."""
    command = [str(node_home(default_cache()) / "bin" / "node"), str(install()), url, f"--port={port}", "--quiet"]
    command += ["--preset=desktop", "--disable-storage-reset", "--output=json"]
    command += [f"--only-categories={','.join(CATEGORIES)}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise BenchError(f"Lighthouse took longer than {SECONDS:.0f} s for {url}.") from None
    if done.returncode:
        raise BenchError(f"Lighthouse failed at {url}: {done.stderr[-1500:]}")
    judged = json.loads(done.stdout)["categories"]
    return {name: 100 * judged[name]["score"] for name in CATEGORIES}
