import json
import stat

import pytest

from embedded.n8n.server import free_port
from embedded.tests.running import Program


@pytest.mark.n8n
@pytest.mark.spark
@pytest.mark.processes
@pytest.mark.timeout(600)
def test_the_main_job_gives_the_right_answer_and_leaves_nothing_running(tmp_path):
    demo = Program("demo", tmp_path, ONCE="1", PORT=str(free_port()), N8N_PORT=str(free_port()))
    try:
        assert demo.process.wait(540) == 0, demo.output
    finally:
        demo.kill()
    assert "The answer equals what DuckDB computes" in demo.output
    assert "SkyWest Airlines Inc." in demo.output
    login = tmp_path / "demo.json"
    assert set(json.loads(login.read_text())) == {"url", "email", "password", "token"}
    assert stat.S_IMODE(login.stat().st_mode) == 0o600
