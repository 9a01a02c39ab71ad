"""Import this before any model: it sets Django up with the embedded hub's environment."""

from __future__ import annotations

import os

import django

from embedded.environment import hub_environment, var_dir

os.environ.update(hub_environment(var_dir()))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "servicetsunami.settings")
django.setup()
