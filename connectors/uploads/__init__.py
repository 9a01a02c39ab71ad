"""Files that people upload: connectors' folders, Spark jobs, logos. Nothing is kept before it was looked at here."""

from connectors.uploads.archives import unpack
from connectors.uploads.errors import Unfit
from connectors.uploads.jobs import inspect
from connectors.uploads.logos import Logo, picture

__all__ = ["Logo", "Unfit", "inspect", "picture", "unpack"]
