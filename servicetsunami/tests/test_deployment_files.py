import os
import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import yaml
from django.conf import settings

from embedded import postgres
from embedded.n8n import install

ROOT = Path(settings.BASE_DIR)
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name for name, service in SERVICES.items() if "build" in service}
READ = re.compile(r'(?:env\.\w+|required)\(\s*"([A-Z0-9_]+)"')
# Names that Spark's own scripts read in our image.
SPARKS_OWN = {"SPARK_WORKER_CORES", "SPARK_WORKER_MEMORY", "SPARK_WORKER_DIR"}
PYTHONS_OWN = {"PYTHONUNBUFFERED", "PYSPARK_PYTHON"}
N8N_CONFIG = ("@n8n/config/dist", "@n8n/db/dist", "n8n/dist", "n8n-core/dist")
IMAGES_OWN = {"postgres": "POSTGRES_", "n8n": "N8N_"}


def known_settings():
    return set(READ.findall((ROOT / "servicetsunami" / "settings.py").read_text()))


def example_names():
    return set(re.findall(r"^#?([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def test_settings_are_found_at_all():
    assert {"SECRET_KEY", "DATABASE_URL", "HUB_KEYS", "SPARK_MASTER"} <= known_settings()


@pytest.mark.parametrize("name", sorted(known_settings()))
def test_every_setting_has_its_line_in_the_example_and_in_the_docs(name):
    assert name in example_names()
    assert f"| `{name}` |" in (ROOT / "docs" / "operations.md").read_text()


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_every_name_in_compose_is_known_to_who_reads_it(service):
    for name in SERVICES[service].get("environment", {}):
        if service in OURS:
            assert name in known_settings() | SPARKS_OWN
        else:
            assert name.startswith(IMAGES_OWN[service])


@pytest.mark.n8n
def test_every_name_that_compose_gives_n8n_is_read_by_n8n():
    modules = install().script.parents[2]
    sources = [file.read_text() for package in N8N_CONFIG for file in (modules / package).rglob("*.js")]
    for name in SERVICES["n8n"]["environment"]:
        assert any(re.search(rf"\b{name}\b", source) for source in sources), name


def test_every_name_in_the_dockerfile_is_known_to_who_reads_it():
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    given = re.findall(r"^ENV (.+)$", text, re.MULTILINE)
    names = set(re.findall(r"([A-Z0-9_]+)=", " ".join(given)))
    assert "HUB_VAR_DIR" in names
    assert names <= known_settings() | PYTHONS_OWN | {"SPARK_HOME"}


def test_every_name_compose_asks_for_is_in_the_example():
    asked = set(re.findall(r"\$\{([A-Z0-9_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert asked <= example_names()


@pytest.mark.postgres
def test_compose_gives_the_hub_a_plain_role_that_owns_its_database():
    script = COMPOSE["configs"]["postgres-role"]["content"].replace("$$", "$")
    path = f"{postgres.binaries() / 'bin'}:{os.environ['PATH']}"
    with postgres.running() as url:
        folder = urlsplit(url).path.rpartition("/")[0]
        with psycopg.connect(host=folder, user="postgres", dbname="postgres", autocommit=True) as server:
            server.execute("DROP DATABASE hub")
            server.execute("DROP ROLE hub")
            environment = {"PATH": path, "PGHOST": folder, "POSTGRES_PASSWORD": "it's"}
            subprocess.run(["bash", "-euc", script], env=environment, check=True, capture_output=True)

            role = server.execute("SELECT rolsuper, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname = 'hub'")
            owner = server.execute("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'hub'")
            assert (role.fetchone(), owner.fetchone()) == ((False, False, False), ("hub",))


def test_no_secret_is_in_compose():
    text = (ROOT / "docker-compose.yml").read_text()
    for name in ("SECRET_KEY", "HUB_KEYS", "POSTGRES_PASSWORD", "N8N_ENCRYPTION_KEY"):
        assert re.search(rf"\$\{{{name}:\?[^}}]+\}}", text), f"{name} must come from outside and say what it is for"


@pytest.mark.parametrize("service", sorted(set(SERVICES) - {"migrate"}))
def test_every_service_that_stays_has_a_health_check(service):
    assert SERVICES[service]["healthcheck"]["test"]


def test_volumes_are_named():
    used = {mount.partition(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])


def test_workers_are_started_as_the_procfile_does():
    procfile = (ROOT / "Procfile").read_text()
    for queue in ("n8n", "spark"):
        assert f"celery -A servicetsunami worker -Q {queue}" in procfile
        command = " ".join(SERVICES[f"worker-{queue}"]["command"])
        assert command.startswith(f"celery -A servicetsunami worker -Q {queue}")


def test_only_the_loopback_is_published():
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_everything_the_image_copies_is_let_through_to_it():
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    for name in " ".join(copied).split():
        assert f"!{name}" in ignore
        assert (ROOT / name).exists()


def test_the_changelog_is_the_source_of_the_version():
    version = re.search(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert version
    assert f'version = "{version[1]}"' in (ROOT / "pyproject.toml").read_text()


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/operations.md"])
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / page).read_text()):
        assert (ROOT / page).parent.joinpath(target).exists(), target


def test_make_help_explains_every_target():
    makefile = (ROOT / "Makefile").read_text()
    [phony] = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    helped = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    explained = dict(re.findall(r"^\s+\x1b\[1m([a-z0-9-]+)\s*\x1b\[0m (\S.+)$", helped, re.MULTILINE))
    assert set(explained) == set(phony.split())
