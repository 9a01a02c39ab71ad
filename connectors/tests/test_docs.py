from __future__ import annotations

import json
import re

from connectors import catalog, folders
from connectors.manifest import build
from connectors.schemas.dialect import FORMATS

RECIPE = (catalog.BUILTIN.parent.parent / "docs" / "adding-a-connector.md").read_text(encoding="utf-8")
README = (catalog.BUILTIN.parent.parent / "README.md").read_text(encoding="utf-8")


def test_the_recipes_example_is_a_connector():
    (example,) = re.findall(r"```json\n(.*?)```", RECIPE, re.DOTALL)
    assert build(json.loads(example), folder="row_numbers").slug == "row_numbers"


def test_the_recipe_names_every_format():
    assert [name for name in FORMATS if not re.search(rf"\b{name}\b", RECIPE)] == []


def test_the_recipe_has_a_part_for_each_engine():
    assert "\n## The workflow\n" in RECIPE and "\n## The job\n" in RECIPE


def test_the_readme_lists_every_built_in_connector():
    listed = set(re.findall(r"`([a-z0-9_]+)`", README.split("## The connectors")[1].split("\n## ")[0]))
    assert listed == {folder.name for folder in folders.find(catalog.BUILTIN)}
