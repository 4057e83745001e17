"""Why a server cannot listen is told with the setting that mends it."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from typing import Any

import pytest

from groq_core.settings.ports import listening_fault


class Refusing(socket.socket):
    """Sockets of a machine that lets nobody listen below 1024, as most do."""

    def bind(self, address: Any) -> None:
        if 0 < address[1] < 1024:
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        super().bind(address)


def nobody(*_: object, **__: object) -> list[Any]:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def test_a_port_that_may_not_be_had_is_no_port_that_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", Refusing)
    fault = listening_fault("127.0.0.1", 80)
    assert fault is not None
    assert "GRADIO_SERVER_PORT=80: whoever runs this may not listen on 127.0.0.1:80" in fault[0]
    assert int(fault[1].removeprefix("Set GRADIO_SERVER_PORT=").removesuffix(", which is free.")) >= 1024


@pytest.mark.parametrize(
    ("host", "look_up", "said"),
    [
        ("192.0.2.1", None, "GRADIO_SERVER_NAME=192.0.2.1 is no address of this machine"),
        ("nowhere.invalid", nobody, "GRADIO_SERVER_NAME=nowhere.invalid: no address goes by this name"),
    ],
)
def test_an_address_that_is_not_ours_is_named(
    monkeypatch: pytest.MonkeyPatch, host: str, look_up: Callable[..., Any] | None, said: str
) -> None:
    if look_up is not None:
        monkeypatch.setattr(socket, "getaddrinfo", look_up)
    for port in (0, 7860):
        fault = listening_fault(host, port)
        assert fault is not None
        assert fault[0] == said
        assert "PORT" not in fault[1]


def test_any_free_port_can_be_had() -> None:
    assert listening_fault("127.0.0.1", 0) is None
