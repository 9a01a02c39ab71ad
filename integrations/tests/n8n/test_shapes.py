from __future__ import annotations

import json

import pytest

from integrations.domain import EngineError, Json, Origin
from integrations.engines.n8n.adaptation import Reference, adapt, path_of
from integrations.engines.n8n.credentials import N8nCredential, translate
from integrations.engines.n8n.execution import Execution
from integrations.engines.n8n.failures import explain

HOOK = Reference("hook-id", "Hook")


def adapted(template: Json, credential: N8nCredential | None = None, reference: Reference | None = None) -> Json:
    credential = credential or N8nCredential()
    return adapt(template, name="N", path="p4th", hook=HOOK, credential=credential, reference=reference)


def executed(runs: dict[str, list[Json]], *, last: str = "", error: Json | None = None) -> Execution:
    """An execution whose nodes gave these items, one list for each run."""
    told = {
        name: [{"data": {"main": [[{"json": item} for item in items]]}} for items in lists]
        for name, lists in runs.items()
    }
    return Execution(
        {"status": "success", "data": {"resultData": {"runData": told, "lastNodeExecuted": last, "error": error}}}
    )


def rows(execution: Execution) -> list[Json]:
    return [json.loads(line) for line in execution.rows()]


def test_the_hub_owns_the_trigger() -> None:
    template = {"nodes": [{"name": "Hub", "type": "n8n-nodes-base.webhook", "parameters": {"path": "theirs"}}]}
    trigger = adapted(template)["nodes"][0]
    assert trigger["parameters"]["path"] == trigger["webhookId"] == path_of(adapted(template)) == "p4th"
    assert trigger["parameters"]["authentication"] == "headerAuth"
    assert trigger["credentials"] == {"httpHeaderAuth": {"id": "hook-id", "name": "Hook"}}


def test_a_trigger_of_another_name_becomes_the_hub() -> None:
    template = {
        "nodes": [{"name": "Start", "type": "n8n-nodes-base.manualTrigger"}, {"name": "Set", "type": "x.set"}],
        "connections": {"Start": {"main": [[{"node": "Set"}]]}},
    }
    assert adapted(template)["connections"] == {"Hub": {"main": [[{"node": "Set"}]]}}


@pytest.mark.parametrize("count", [0, 2])
def test_a_workflow_needs_exactly_one_trigger(count: int) -> None:
    nodes = [{"name": f"T{n}", "type": "n8n-nodes-base.manualTrigger"} for n in range(count)]
    with pytest.raises(EngineError, match="exactly one"):
        adapted({"nodes": nodes})


def test_only_marked_nodes_are_given_the_credential() -> None:
    nodes = [
        {"name": "Hub", "type": "n8n-nodes-base.manualTrigger"},
        {"name": "Ours", "type": "x", "parameters": {"a": 1}, "credentials": {"hub": {}}},
        {"name": "Theirs", "type": "x", "credentials": {"httpBasicAuth": {"id": "somebody-else"}}},
    ]
    credential = N8nCredential("httpBasicAuth", {}, {"authentication": "basic"})
    _, ours, theirs = adapted({"nodes": nodes}, credential, Reference("id", "name"))["nodes"]
    assert ours["credentials"] == {"httpBasicAuth": {"id": "id", "name": "name"}}
    assert ours["parameters"] == {"a": 1, "authentication": "basic"}
    assert "credentials" not in theirs
    assert "credentials" not in adapted({"nodes": nodes})["nodes"][1]


def test_the_template_is_left_as_it_is() -> None:
    template = {"nodes": [{"name": "Hub", "type": "x"}, {"name": "A", "type": "x", "credentials": {"hub": {}}}]}
    before = json.dumps(template)
    adapted(template)
    assert json.dumps(template) == before


CHOICES = {
    "by": "/auth/type",
    "default": "none",
    "cases": {
        "none": {},
        "key": {
            "by": "/auth/in",
            "default": "header",
            "cases": {"header": {"type": "httpHeaderAuth", "data": {"name": {"value": "X"}, "value": "/auth/key"}}},
        },
    },
}


def test_a_credential_becomes_n8ns_by_its_map() -> None:
    assert translate(CHOICES, {"auth": {"type": "key", "key": "s"}}).data == {"name": "X", "value": "s"}
    assert translate(CHOICES, {"auth": {"type": "none"}}).type == ""
    assert translate(CHOICES, {}).type == ""
    assert translate({}, {}).type == ""


def test_a_credential_outside_its_map_is_the_connectors_fault() -> None:
    with pytest.raises(EngineError, match="/auth/type = 'other'") as caught:
        translate(CHOICES, {"auth": {"type": "other"}})
    assert caught.value.failure.origin is Origin.HUB


def test_a_secret_that_looks_like_an_expression_is_quoted() -> None:
    data = translate(CHOICES, {"auth": {"type": "key", "key": '={{ $env.X }}"'}}).data
    assert data["value"] == '={{ "=\\u007b\\u007b $env.X \\u007d\\u007d\\"" }}'


def test_rows_are_those_of_all_runs_of_the_output_node() -> None:
    execution = executed({"Hub Output": [[{"n": 1}], [{"n": 2}, {"n": 3}]], "Later": [[{"x": 1}]]}, last="Later")
    assert rows(execution) == [{"n": 1}, {"n": 2}, {"n": 3}]


def test_rows_are_else_those_of_the_last_node() -> None:
    assert rows(executed({"First": [[{"n": 0}]], "Last": [[{"n": 1}]]}, last="Last")) == [{"n": 1}]
    assert rows(executed({}, last="Last")) == []


def test_one_item_may_hold_many_rows() -> None:
    assert rows(executed({"Hub Output": [[{"hub_ndjson": '{"n":1}\n{"n":"ü"}'}], [{"hub_ndjson": ""}]]})) == [
        {"n": 1},
        {"n": "ü"},
    ]


def test_what_the_trigger_got_is_never_a_row() -> None:
    got = {"headers": {"x-hub-token": "t0ken"}, "body": {}, "webhookUrl": "u", "executionMode": "production"}
    assert rows(executed({"Hub": [[got]]}, last="Hub")) == []
    assert rows(executed({"Hub Output": [[got, {}]]})) == []


def test_half_a_surrogate_pair_does_not_break_the_file(tmp_path) -> None:
    output, count = executed({"Hub Output": [[{"name": "\ud83c"}]]}).write_rows(tmp_path / "new")
    assert count == 1
    assert json.loads(output.path.read_text()) == {"name": "?"}


def test_the_hubs_body_is_found_before_the_trigger_ran() -> None:
    stack = [{"node": {"name": "Hub"}, "data": {"main": [[{"json": {"body": {"key": "k"}}}]]}}]
    assert Execution({"data": {"executionData": {"nodeExecutionStack": stack}}}).hook_body == {"key": "k"}
    assert executed({"Hub": [[{"body": {"key": "k"}}]]}).hook_body == {"key": "k"}
    assert Execution({}).hook_body == {}


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        ("401", ("credential_refused", Origin.SETTINGS, False)),
        ("404", ("not_found", Origin.SETTINGS, False)),
        ("422", ("request_refused", Origin.SETTINGS, False)),
        (429, ("rate_limited", Origin.SERVICE, True)),
        ("502", ("service_failed", Origin.SERVICE, True)),
        ("ECONNREFUSED", ("network", Origin.NETWORK, True)),
        ("ENOTFOUND", ("host_unknown", Origin.SETTINGS, False)),
        ("DEPTH_ZERO_SELF_SIGNED_CERT", ("certificate", Origin.NETWORK, False)),
        (None, ("node_failed", Origin.ENGINE, False)),
    ],
)
def test_a_failure_names_its_side(code: object, failure: tuple[str, Origin, bool]) -> None:
    found = explain(executed({}, error={"message": "m", "httpCode": code, "node": {"name": "Call"}}))
    assert (found.code, found.origin, found.retryable) == failure
    assert found.step == "Call"
    assert found.fix


def test_a_workflow_may_tell_its_failure_itself() -> None:
    told = {"message": "busy", "step": "Get", "httpCode": 429, "retry_after": 30}
    found = explain(executed({}, error={"message": "busy", "node": {"name": "Stop"}, "context": {"metadata": told}}))
    assert (found.step, found.detail["retry_after"]) == ("Get", 30)
    own = {"code": "quota_used_up", "origin": "service", "fix": "Buy more.", "retryable": True}
    found = explain(executed({}, error={"message": "empty", "context": {"metadata": own}}))
    assert (found.code, found.origin, found.fix, found.retryable) == (
        "quota_used_up",
        Origin.SERVICE,
        "Buy more.",
        True,
    )
