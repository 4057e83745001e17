"""Whether a port can be listened on, and which is the next that can."""

from __future__ import annotations

import socket


def free_port(host: str, port: int) -> bool:
    """Whether nobody listens there, as far as binding to it tells."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        return False
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        # A port whose last connections are still closing can be bound, as the server itself does.
        if hasattr(socket, "SO_REUSEADDR") and not hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError:
            return False
    return True


def next_port(host: str, port: int) -> int:
    """The next free port above one that is taken; 0 (any) where the next hundred are taken too."""
    return next((near for near in range(port + 1, min(port + 101, 65536)) if free_port(host, near)), 0)
