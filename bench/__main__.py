"""Measure the hub beside its bare engines: `python -m bench [--only fake,n8n] [--quick] [--check]`."""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from collections.abc import Callable, Iterator

from bench import fake, memory, n8n, spark, start
from bench.figures import Figure, table
from embedded.environment import ROOT

PARTS: dict[str, Callable[[bool], Iterator[Figure]]] = {
    "fake": fake.measure,
    "n8n": n8n.measure,
    "spark": spark.measure,
    "memory": memory.measure,
    "start": start.measure,
}


def main() -> int:
    arguments = parse()
    figures: list[Figure] = []
    broken: list[str] = []
    for name in arguments.only:
        print(f"Measuring {name} ...", flush=True)
        try:
            for figure in PARTS[name](arguments.quick):
                figures.append(figure)
                print(f"  {figure.name}: {figure.value:.3g} {figure.unit} {figure.verdict}", flush=True)
        except Exception:  # noqa: BLE001 - one part that breaks must not hide the others
            broken.append(name)
            traceback.print_exc()
    report(figures, broken)
    missed = [figure for figure in figures if not figure.is_held]
    return 1 if broken or (arguments.check and missed) else 0


def report(figures: list[Figure], broken: list[str]) -> None:
    path = ROOT / "var" / "bench.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps([figure.as_json() for figure in figures], indent=1) + "\n")
    print(f"\n{table(figures)}\n\nAlso in {path.relative_to(ROOT)}.")
    if broken:
        print(f"Broke off, see above: {', '.join(broken)}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", type=parts, default=list(PARTS), help=f"some of: {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="fewer samples")
    parser.add_argument("--check", action="store_true", help="exit 1 when an aim is missed")
    return parser.parse_args()


def parts(value: str) -> list[str]:
    names = value.split(",")
    if unknown := sorted(set(names) - set(PARTS)):
        raise argparse.ArgumentTypeError(f"no part called {', '.join(unknown)}; there are {', '.join(PARTS)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
