"""Whether a port can be listened on, why not, and which is the next that can."""

from __future__ import annotations

import errno
import socket
from typing import Final

FIRST_OF_ALL: Final = 1024
"""The ports below are the system's on most machines."""


def listening_fault(host: str, port: int) -> tuple[str, str] | None:
    """Why a server could not listen there, as far as binding to it tells, and the mend; None where it could."""
    error = _bind(host, port)
    if error is None:
        return None
    if isinstance(error, socket.gaierror):
        return f"GRADIO_SERVER_NAME={host}: no address goes by this name", "Set it to an address of this machine."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"GRADIO_SERVER_NAME={host} is no address of this machine", "Set it to one, or to 0.0.0.0 for all."
    free = _next_port(host, max(port, FIRST_OF_ALL - 1))
    mend = f"set GRADIO_SERVER_PORT={free}" + (", which is free." if free else " for any free one.")
    if error.errno == errno.EACCES:
        who = "whoever runs this may not listen"
        return f"GRADIO_SERVER_PORT={port}: {who} on {host}:{port}", mend[:1].upper() + mend[1:]
    return f"GRADIO_SERVER_PORT={port}: something else listens on {host}:{port}", f"Stop it, or {mend}"


def _next_port(host: str, port: int) -> int:
    """The next free port above one that is taken; 0 (any) where the next hundred are taken too."""
    return next((near for near in range(port + 1, min(port + 101, 65536)) if _bind(host, near) is None), 0)


def _bind(host: str, port: int) -> OSError | None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        return error
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        # A port whose last connections are still closing can be bound, as the server itself does.
        if hasattr(socket, "SO_REUSEADDR") and not hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            return error
    return None
