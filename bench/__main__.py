"""Measure the hub against its bare engines, side by side: `python -m bench [--only fake,n8n] [--quick] [--check]`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import traceback
from collections.abc import Callable, Generator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from bench import fake, memory, n8n, pages, scale, spark, start
from bench.figures import BenchError, Figure, Json, Part, table
from embedded import processes
from embedded.environment import var_dir

Measure = Callable[..., Generator[Figure, None, None]]
PARTS: dict[str, tuple[str, Measure]] = {
    "fake": (fake.TITLE, fake.measure),
    "n8n": (n8n.TITLE, n8n.measure),
    "spark": (spark.TITLE, spark.measure),
    "scale": (scale.TITLE, scale.measure),
    "pages": (pages.TITLE, pages.measure),
    "memory": (memory.TITLE, memory.measure),
    "start": (start.TITLE, start.measure),
}
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    arguments = parser().parse_args()
    for number in SIGNALS:
        signal.signal(number, _interrupt)
    others = processes.children()
    processes.adopt_orphans()
    machine = describe_machine()
    try:
        parts = [measured(name, quick=arguments.quick) for name in arguments.only]
    except KeyboardInterrupt:
        print("Stopped before the end; no figures were kept.", file=sys.stderr)
        return 130
    finally:
        # Each part has ended what it started; this is for what it could not.
        processes.end_descendants(spare=others, patience_seconds=10)
    path = var_dir() / "bench.json"
    keep(path, {"machine": machine, "quick": arguments.quick, "parts": [part.as_json() for part in parts]})
    print(f"\n{table(parts)}\n\nAlso in {path}", flush=True)
    return exit_code(parts, is_strict=arguments.check)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    choices = ", ".join(PARTS)
    top.add_argument("--only", type=_chosen, default=list(PARTS), help=f"some parts, separated by commas: {choices}")
    top.add_argument("--quick", action="store_true", help="few samples: to see that it works, not to compare")
    top.add_argument("--check", action="store_true", help="end with 1 when an aim is missed")
    return top


def measured(name: str, *, quick: bool) -> Part:
    """Measure a part, telling each figure as it is there; an error ends this part only."""
    title, measure = PARTS[name]
    print(f"\n{title}", flush=True)
    figures: list[Figure] = []
    error = ""
    try:
        with closing(measure(quick=quick)) as found:
            for figure in found:
                figures.append(figure)
                print("  " + "  ".join(cell for cell in figure.cells() if cell), flush=True)
    except BenchError as problem:
        error = str(problem)
    except Exception as problem:  # noqa: BLE001 - whatever broke one part, the others go on
        traceback.print_exc()
        error = f"{type(problem).__name__}: {problem}"
    if error:
        print(f"  {error}", flush=True)
    return Part(title, tuple(figures), error)


def exit_code(parts: list[Part], *, is_strict: bool) -> int:
    is_whole = not any(part.error for part in parts)
    is_held = all(part.is_held for part in parts)
    return 0 if is_whole and (is_held or not is_strict) else 1


def describe_machine() -> Json:
    """What the figures depend on. A load of more than nothing before the start means that others were at work."""
    load = round(os.getloadavg()[0], 2)
    print(f"{os.cpu_count()} cores, load {load} before the start", flush=True)
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "load_before": load,
        "python": platform.python_version(),
        "system": platform.platform(),
    }


def keep(path: Path, content: Json) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n")


def _chosen(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := [name for name in names if name not in PARTS]:
        raise argparse.ArgumentTypeError(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    return names


def _interrupt(number: int, frame: FrameType | None) -> None:
    for further in SIGNALS:
        signal.signal(further, signal.SIG_IGN)
    print("\nStopping; this takes up to a minute.", flush=True)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
