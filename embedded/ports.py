"""Ports, checked before anything starts: a taken one is named together with who has it and what to do."""

from __future__ import annotations

import socket

import psutil

HOST = "127.0.0.1"


class PortTakenError(RuntimeError):
    """The message names the port, its holder when we may know it, and the way out."""


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def demand(port: int, *, variable: str, purpose: str) -> None:
    """Refuse a taken port in words."""
    if not is_free(port):
        raise PortTakenError(
            f"Port {port}, which {purpose} needs, is taken{_holder(port)}. "
            f"Stop that program, or choose another port: {variable}={port + 1}"
        )


def first_free(wanted: int) -> int:
    """The wanted port, or any free one when somebody else has it."""
    if is_free(wanted):
        return wanted
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _holder(port: int) -> str:
    try:
        open_ports = (c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN)
        pid = next((c.pid for c in open_ports if c.laddr[1:] == (port,)), None)
        return f" by {psutil.Process(pid).name()} (process {pid})" if pid else ""
    except psutil.Error:
        return ""
