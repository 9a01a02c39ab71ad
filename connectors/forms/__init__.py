"""Forms from schemas: the document of a connector's credential or configuration as HTML, and back.

`build` makes a tree of frozen values from a schema and a document, `render` makes HTML of it, and `parse` reads what a
browser sends back. The form works without JavaScript: buttons named `_action` send it, and the page shows it anew.
Nothing a schema calls a secret is ever in the tree.
"""

from connectors.forms.model import Form, Option
from connectors.forms.rendering import render
from connectors.forms.round import Parsed, build, parse

__all__ = ["Form", "Option", "Parsed", "build", "parse", "render"]
