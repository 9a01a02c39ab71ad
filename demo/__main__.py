"""Run the main job on real engines and keep serving it: `python -m demo`. ONCE=1 stops with the verdict."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time

import requests

from demo.answer import Row, differences, expected, table
from demo.hub_api import ApiError, HubApi
from demo.job import Job, JobError
from demo.nycflights import PackageMissingError, folder
from embedded import ports
from embedded.environment import ROOT, write_private
from embedded.n8n import StartError
from embedded.supervisor import Service
from embedded.up import Hub, Interrupted, UpError, chosen_port, running

SERVICE_PORT = 8100


def main() -> int:
    allow_service()
    is_once = os.environ.get("ONCE", "") not in {"", "0"}
    try:
        folder()
        with running(chosen_port()) as hub:
            code = show(hub)
            if is_once:
                return code
            hub.quicken_spark()
            hub.say("serving until Ctrl-C")
            hub.run()
    except Interrupted:
        return 130 if is_once else 0
    except (UpError, StartError, ports.PortTakenError, PackageMissingError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def show(hub: Hub) -> int:
    """Start everything, do the job, show the answer; return 0 when it is the right one."""
    (hub.var / "demo.json").unlink(missing_ok=True)
    key = secrets.token_urlsafe(24)
    service_url = start_service(hub, key)
    hub.start()
    hub.wait("the sample service", lambda: _answers(service_url))
    start_seconds = time.monotonic() - hub.began
    login = make_login(hub)
    job = Job(HubApi(hub.url, login["token"], pause=hub.pause), service_url, key, hub.say)
    job.seconds["start"] = start_seconds
    try:
        rows = job.do()
    except (JobError, ApiError, requests.RequestException) as error:
        hub.say(f"The demo failed. {error}")
        code = 1
    else:
        code = report(job, rows)
    write_private(hub.var / "demo.json", json.dumps({"url": hub.url, **login}) + "\n")
    print(f"\n  {hub.url}   sign in as {login['email']} with {login['password']}\n", flush=True)
    return code


def allow_service() -> None:
    """Let the hub and its n8n call the sample service on this machine; what `make up` serves refuses such addresses."""
    allowed = os.environ.get("HUB_OUTBOUND_ALLOW", "")
    os.environ["HUB_OUTBOUND_ALLOW"] = ",".join(filter(None, (allowed, f"{ports.HOST}/32")))


def start_service(hub: Hub, key: str) -> str:
    port = ports.first_free(int(os.environ.get("DEMO_SERVICE_PORT") or SERVICE_PORT))
    command = [sys.executable, "-m", "demo.service", "--port", str(port)]
    hub.add(Service("service", command, {**os.environ, "DEMO_API_KEY": key}))
    return f"http://{ports.HOST}:{port}"


def make_login(hub: Hub) -> dict[str, str]:
    command = [sys.executable, "-m", "demo.accounts"]
    made = subprocess.run(command, cwd=ROOT, env=hub.environment, stdout=subprocess.PIPE, text=True, check=False)
    if made.returncode:
        raise UpError("The demo's account could not be made; the lines above say why.")
    login: dict[str, str] = json.loads(made.stdout)
    return login


def report(job: Job, rows: list[Row]) -> int:
    print(f"\nDelay by airline, January 2013, in minutes\n\n{table(rows)}\n")
    print("Runs")
    for name, run in job.runs.items():
        print(f"  {run['id']}  {name}: {run['rows']:,} rows")
    print("\nWhere the time went")
    for step, seconds in job.seconds.items():
        print(f"  {seconds:6.1f} s  {step}")
    wrong = differences(rows, expected())
    verdict = wrong or ["The answer equals what DuckDB computes from the package's own files."]
    print("\n".join(["", *verdict]))
    sys.stdout.flush()
    return 1 if wrong else 0


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/airlines", timeout=5).status_code == 401
    except requests.RequestException:
        return False


if __name__ == "__main__":
    sys.exit(main())
