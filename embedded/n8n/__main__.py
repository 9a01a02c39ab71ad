"""`python -m embedded.n8n install | serve | key`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from embedded.n8n import InstallError, Setup, StartError, api_key, install, wait_until_ready
from embedded.n8n.server import serve


def main() -> int:
    arguments = parser().parse_args()
    try:
        arguments.act(arguments)
    except (InstallError, StartError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m embedded.n8n", description=__doc__)
    verbs = top.add_subparsers(required=True)
    verbs.add_parser("install", help="install Node and n8n once per machine").set_defaults(act=lambda _: install())
    for name, act, summary in (
        ("serve", act_serve, "run n8n in the foreground"),
        ("key", act_key, "wait for n8n and print its API key"),
    ):
        verb = verbs.add_parser(name, help=summary)
        verb.add_argument("--folder", type=Path, default=Path(os.environ.get("HUB_VAR_DIR") or "var") / "n8n")
        verb.add_argument("--port", type=int, default=5678)
        verb.add_argument("--broker-port", type=int, default=0)
        verb.add_argument("--expression-engine", choices=("legacy", "vm"), default="legacy")
        verb.set_defaults(act=act)
    return top


def setup_of(arguments: argparse.Namespace) -> Setup:
    return Setup(arguments.folder.absolute(), arguments.port, arguments.broker_port, arguments.expression_engine)


def act_serve(arguments: argparse.Namespace) -> None:
    serve(install(), setup_of(arguments))


def act_key(arguments: argparse.Namespace) -> None:
    setup = setup_of(arguments)
    wait_until_ready(setup.url)
    print(api_key(setup.url, setup.folder))


if __name__ == "__main__":
    sys.exit(main())
