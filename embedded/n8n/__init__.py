"""A real n8n beside the hub, without Docker: its Node, its packages, its owner and its API key."""

from embedded.n8n.access import api_key, api_keys, kept_keys, login
from embedded.n8n.installation import InstallError, N8n, install
from embedded.n8n.server import Server, Setup, StartError, start, wait_until_ready

__all__ = [
    "InstallError",
    "N8n",
    "Server",
    "Setup",
    "StartError",
    "api_key",
    "api_keys",
    "install",
    "kept_keys",
    "login",
    "start",
    "wait_until_ready",
]
