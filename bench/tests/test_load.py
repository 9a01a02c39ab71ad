import threading

import pytest

from bench import workflow
from bench.load import in_turns, side_by_side
from bench.memory import Look, name_of
from integrations.engines.n8n.adaptation import HUB
from integrations.engines.n8n.execution import OUTPUT_NODE


def test_samples_are_taken_in_turns():
    seen = []
    taken = in_turns(lambda: seen.append("hub") or 1, lambda: seen.append("bare") or 2, 2, lambda: seen.append("wait"))
    assert seen == ["hub", "wait", "bare"] * 2
    assert taken == ([1, 1], [2, 2])


def test_calls_side_by_side_are_made_at_the_same_time():
    meeting = threading.Barrier(4)
    assert sorted(side_by_side([lambda: meeting.wait(60)] * 4)) == [0, 1, 2, 3]


def test_an_error_of_one_client_is_an_error_of_all():
    def refuse():
        raise RuntimeError("refused")

    with pytest.raises(RuntimeError, match="refused"):
        side_by_side([refuse, lambda: None])


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["/usr/bin/python3", "-m", "uvicorn", "servicetsunami.asgi:application"], "web"),
        (["/usr/bin/python3", "-m", "embedded.worker", "-Q", "fake"], "worker"),
        (["valkey-server unixsocket:/tmp/valkey.sock"], "a program"),
        ([], "a program"),
    ],
)
def test_processes_are_named_by_what_they_do(command, name):
    assert name_of(command, "a program") == name


def test_a_look_at_the_memory_names_the_largest_first():
    look = Look({"web": 80.4, "worker": 120.2, "beat": 20.0})
    assert look.total == pytest.approx(220.6)
    assert str(look) == "worker 120, web 80, beat 20"


def test_both_workflows_do_the_same_work():
    ours, bare = workflow.template(), workflow.bare("a-path")
    assert ours["nodes"][1:] == bare["nodes"][1:]
    assert ours["connections"] == bare["connections"]
    assert ours["nodes"][0]["name"] == HUB
    assert ours["nodes"][-1]["name"] == OUTPUT_NODE
