"""One Spark session for the code of all jobs: what a driver adds is tested by its own tests, next door."""

import importlib
import importlib.util
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyspark import SparkContext
from pyspark.sql import SparkSession

from integrations.engines.spark.submit import DEFAULTS, RUNTIME

BUILTIN = Path(__file__).resolve().parents[4] / "connectors" / "builtin"


@pytest.fixture(scope="package")
def spark(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        conf = {
            **DEFAULTS,
            "spark.ui.enabled": "false",
            "spark.log.level": "ERROR",
            "spark.sql.shuffle.partitions": "2",
            "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
        }
        session = SparkSession.builder.master("local[1]").config(map=conf).getOrCreate()
        yield session
        session.stop()
        gateway = SparkContext._gateway
        gateway.shutdown()
        # Java ends when its standard input does.
        gateway.proc.stdin.close()
        gateway.proc.wait(timeout=100)
        SparkContext._gateway = SparkContext._jvm = None


@pytest.fixture
def job(monkeypatch):
    """Load a built-in's job as a module; `run` runs it."""
    monkeypatch.syspath_prepend(str(RUNTIME))

    def load(slug):
        spec = importlib.util.spec_from_file_location(f"{slug}_job", BUILTIN / slug / "job.py")
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        return module

    return load


@dataclass
class Ended:
    """What a job left: its rows, further datasets by name, figures and state."""

    spark: SparkSession
    outputs: dict
    metrics: dict
    state: dict | None

    def frame(self, name=""):
        return self.spark.read.parquet(self.outputs[name])

    def rows(self, name="", *columns):
        frame = self.frame(name)
        return sorted((tuple(row) for row in frame.select(*(columns or frame.columns)).collect()), key=str)


@pytest.fixture
def run(spark, job, tmp_path):
    """Run a built-in's job whole, as its driver would: settings and datasets in, outputs and figures out."""

    def run(slug, config, *, credential=None, state=None, roots=(), **frames):
        module = job(slug)
        context = sys.modules["hub"].context
        context.__init__()
        folder = tmp_path / f"run{len(list(tmp_path.glob('run*')))}"
        sources = []
        for name, frame in frames.items():
            path = folder / "in" / name
            frame.write.parquet(str(path))
            sources.append({"name": name, "uri": path.as_uri(), "format": "parquet"})
        value = {"run_id": "r1", "config": config, "credential": credential or {}, "state": state or {}, "query": ""}
        context.load({**value, "inputs": sources, "output": str(folder / "out"), "roots": list(roots)})
        module.main()
        return Ended(spark, context.outputs, json.loads(json.dumps(context.metrics)), context.next_state)

    return run
