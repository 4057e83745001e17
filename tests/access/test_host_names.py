"""By which names a server on loopback is addressed without being told of them."""

from __future__ import annotations

import threading

import pytest

from groq_core.access.host_names import Names, leads_here


def leads(*names: str) -> tuple[list[str], Names]:
    """Names of a resolver for which those given lead here; and what it was asked."""
    asked: list[str] = []

    def look(name: str) -> bool:
        asked.append(name)
        return name in names

    return asked, Names((), loopback=True, leads_here=look)


@pytest.mark.parametrize(
    ("authority", "ours"),
    [
        ("host.docker.internal:7860", True),
        ("HOST.docker.internal", True),
        ("other.internal", False),
        ("host.docker.internal.evil.example", False),
        ("internal", False),
        ("evil.example", False),
        ("localhost:7860", True),
    ],
)
async def test_a_private_name_is_ours_where_it_leads_here(authority: str, ours: bool) -> None:
    _, names = leads("host.docker.internal", "evil.example", "host.docker.internal.evil.example")

    assert await names.owns(authority) is ours


async def test_a_name_is_looked_up_once_and_a_public_one_never() -> None:
    asked, names = leads()
    for authority in ("a.internal", "a.internal:1", "b.example", "localhost"):
        await names.owns(authority)

    assert asked == ["a.internal"]


async def test_names_that_were_set_are_all_there_are() -> None:
    names = Names(("*.lab",), loopback=True, leads_here=lambda name: True)

    assert not await names.owns("host.docker.internal")
    assert await names.owns("a.lab")


async def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr("groq_core.access.host_names.LOOK_UP_S", 0.01)
    names = Names((), loopback=True, leads_here=lambda name: over.wait(10))
    try:
        assert not await names.owns("slow.internal")
    finally:
        over.set()


def test_the_addresses_of_others_are_not_ours() -> None:
    assert leads_here("127.0.0.1")
    assert not leads_here("198.51.100.7")
    assert not leads_here("no-such-name.invalid")
