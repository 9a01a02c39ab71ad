from collections.abc import Callable
from typing import Any

import pytest

from integrations.domain import EngineError
from integrations.engines import registry
from integrations.external.references import Unresolved
from integrations.models import Credential, Deployment, Integration, Run
from integrations.services import credentials, jobs, references
from integrations.services.errors import Invalid
from integrations.services.integrations import NewCredential
from integrations.testing import KEY, fake_connector
from integrations.tests.test_deployments import Holder, holder, run  # noqa: F401 - a fixture
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
MakeIntegration = Callable[..., Integration]
NAME = "env://HUB_SECRET_SHOP"


@pytest.fixture(autouse=True)
def variable(monkeypatch: Any) -> None:
    monkeypatch.setenv("HUB_SECRET_SHOP", "planted-one")


def make(acme: Tenant, key: Any = NAME, schema: dict[str, Any] = KEY) -> Credential:
    connector = fake_connector("keyed", credential=schema)
    return credentials.create(tenant_id=acme.pk, connector=connector, name="Mine", data={"key": key}, by=None)


def referring(make_integration: MakeIntegration, key: str = NAME, **options: Any) -> Integration:
    connector = fake_connector("keyed", credential=KEY)
    return make_integration(connector=connector, credential=NewCredential("one", {"key": key}), **options)


@pytest.mark.parametrize("spelling", [NAME, {"$secret": NAME}])
def test_either_spelling_is_kept_and_shown_as_what_it_refers_to(acme: Tenant, spelling: Any) -> None:
    made = Credential.everywhere.get(pk=make(acme, spelling).pk)

    assert made.data == {"key": NAME}
    assert credentials.public(made)[0] == {"key": {"set": True, "reference": NAME}}
    assert references.resolve(made, KEY) == {"key": "planted-one"}
    assert made.data == {"key": NAME}


def test_what_was_shown_can_be_sent_back(acme: Tenant) -> None:
    made = make(acme)

    made = credentials.update(credential=made, by=None, data=credentials.public(made)[0])
    assert (made.data, made.revision) == ({"key": NAME}, 1)
    made = credentials.update(credential=made, by=None, data={"key": "env://HUB_SECRET_OTHER"})
    assert (made.data, made.revision) == ({"key": "env://HUB_SECRET_OTHER"}, 2)


@pytest.mark.parametrize("key", ["env://SECRET_KEY", "file:///etc/passwd", "vault://secret/a#b", {"$secret": "env://"}])
def test_what_may_not_be_referred_to_is_refused_when_it_is_entered(acme: Tenant, key: Any) -> None:
    with pytest.raises(Invalid) as caught:
        make(acme, key)

    assert [(error.pointer, error.code) for error in caught.value.errors] == [("/data/key", "reference")]


def test_only_a_secret_may_be_a_reference(acme: Tenant) -> None:
    schema = {**KEY, "properties": {**KEY["properties"], "note": {"type": "string"}}}
    connector = fake_connector("noted", credential=schema)
    data = {"key": "k-1234", "note": NAME}
    made = credentials.create(tenant_id=acme.pk, connector=connector, name="Mine", data=data, by=None)

    assert references.resolve(made, schema) == data
    with pytest.raises(Invalid):
        credentials.update(credential=made, by=None, data={"note": {"$secret": NAME}})


def test_a_reference_need_not_look_like_the_value_but_the_value_must(acme: Tenant, monkeypatch: Any) -> None:
    pattern = {"type": "string", "writeOnly": True, "pattern": "^sk_", "title": "Key"}
    made = make(acme, schema={"type": "object", "properties": {"key": pattern}})
    schema = made.connector.credential_schema

    with pytest.raises(Unresolved, match="/key refers to does not fit") as caught:
        references.resolve(made, schema)
    assert "planted" not in str(caught.value)
    monkeypatch.setenv("HUB_SECRET_SHOP", "sk_1")
    assert references.resolve(made, schema) == {"key": "sk_1"}


def test_a_run_is_given_the_value_and_keeps_it_nowhere(make_integration: MakeIntegration, monkeypatch: Any) -> None:
    seen: list[Any] = []
    engine = registry.get("fake")
    start = engine.start
    monkeypatch.setattr(engine, "start", lambda job: seen.append(job) or start(job))

    ended = run(referring(make_integration))

    assert ended.state == "succeeded"
    assert seen[0].credential == {"key": "planted-one"}
    assert jobs.resume(ended).mask.text("it is planted-one") == "it is •••"
    assert "planted-one" not in str([vars(row) for row in Run.everywhere.all()])


def test_a_reference_that_leads_nowhere_fails_the_run_in_words(
    make_integration: MakeIntegration, monkeypatch: Any
) -> None:
    monkeypatch.delenv("HUB_SECRET_SHOP")

    ended = run(referring(make_integration))

    assert ended.state == "failed"
    assert ended.failure["code"] == "secret_unresolved"
    assert "HUB_SECRET_SHOP leads nowhere" in ended.failure["message"]
    assert ended.failure["fix"]


def test_one_that_is_gone_while_a_run_is_under_way_ends_nothing(
    make_integration: MakeIntegration, monkeypatch: Any
) -> None:
    ended = run(referring(make_integration))
    monkeypatch.delenv("HUB_SECRET_SHOP")

    with pytest.raises(EngineError) as caught:
        jobs.resume(Run.everywhere.get(pk=ended.pk))

    assert caught.value.retryable


def test_a_changed_secret_reaches_the_engine_before_the_next_run(
    make_integration: MakeIntegration,
    holder: Holder,  # noqa: F811
    monkeypatch: Any,
) -> None:
    integration = referring(make_integration)
    run(integration)
    run(integration)
    monkeypatch.setenv("HUB_SECRET_SHOP", "planted-two")
    run(integration)

    assert [plan.credential["key"] for plan in holder.plans] == ["planted-one", "planted-two"]
    assert "planted" not in str(Deployment.everywhere.values())


def test_the_fingerprint_of_the_same_secret_is_another_in_another_deployment(
    make_integration: MakeIntegration,
    holder: Holder,  # noqa: F811
) -> None:
    first = referring(make_integration)
    run(first)
    second = make_integration(connector=first.connector, credential=NewCredential("two", {"key": NAME}))
    run(second)

    assert len(set(Deployment.everywhere.values_list("fingerprint", flat=True))) == 2
