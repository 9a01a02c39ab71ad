"""Lighthouse, which judges pages in a real browser: from npm into the cache folder, when it is first asked for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from bench.figures import BenchError
from embedded.n8n.installation import InstallError, default_cache, install_node, node_home, npm, one_at_a_time

VERSION = "13.5.0"
CATEGORIES = ("performance", "accessibility", "best-practices")
FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-quic"
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


def scores(url: str, cookie: str) -> dict[str, float]:
    """Judge a page as a desk sees it, 0 to 100 in each category."""
    command = [str(node_home(default_cache()) / "bin" / "node"), str(install()), url, "--preset=desktop", "--quiet"]
    command += ["--output=json", f"--only-categories={','.join(CATEGORIES)}", f"--chrome-flags={FLAGS}"]
    command += [f"--extra-headers={json.dumps({'Cookie': cookie})}"]
    environment = {**os.environ, "CHROME_PATH": browser()}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise BenchError(f"Lighthouse took longer than {SECONDS:.0f} s for {url}.") from None
    if done.returncode:
        raise BenchError(f"Lighthouse failed at {url}: {done.stderr[-1500:]}")
    judged = json.loads(done.stdout)["categories"]
    return {name: 100 * judged[name]["score"] for name in CATEGORIES}
