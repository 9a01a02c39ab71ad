"""manage.py with the embedded hub's settings: `python -m embedded.manage doctor`."""

from __future__ import annotations

import os
import sys

from embedded.environment import ROOT, hub_environment, var_dir


def main(arguments: list[str]) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    os.execve(sys.executable, command, hub_environment(var_dir()))


if __name__ == "__main__":
    main(sys.argv[1:])
