"""Machines whose clocks differ, by a little or a day, share one database."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from groq_core.errors import RequestError
from groq_core.middleware.log import Asking
from groq_core.redaction import Secret
from groq_core.store.asking_now import AskingNow
from groq_core.store.conversations import ConversationDeletedError, Conversations
from groq_core.store.database import Database, open_database
from groq_core.store.database_shelf import DatabaseShelf
from groq_core.store.people import PeopleStore
from groq_core.store.shapes import Whole
from tests.store.conftest import Postgres

REAL = time.time


@pytest.fixture
async def shared(postgres: Postgres) -> AsyncIterator[Database]:
    async with open_database(Secret(postgres.new_url())) as database:
        yield database


@pytest.fixture(params=[20, -20, 3 * 3600, -3 * 3600, 86_400, -86_400])
def ahead_s(request: pytest.FixtureRequest) -> int:
    seconds: int = request.param
    return seconds


async def test_what_one_puts_on_the_shelf_another_finds(
    shared: Database, monkeypatch: pytest.MonkeyPatch, ahead_s: int
) -> None:
    one, other = DatabaseShelf(shared), DatabaseShelf(shared)
    await one.put("a", b"1", 3600)
    monkeypatch.setattr(time, "time", lambda: REAL() + ahead_s)

    assert await other.get("a") == b"1"
    assert await other.renew(["a", "b"], 3600) == ["b"]
    await other.put("c", b"2", 3600)
    monkeypatch.undo()
    assert (await one.get("a"), await one.get("c")) == (b"1", b"2")


async def test_who_asks_one_is_seen_on_another_and_is_gone_when_it_is_over(
    shared: Database, monkeypatch: pytest.MonkeyPatch, ahead_s: int
) -> None:
    one, other = AskingNow(shared), AskingNow(shared)
    one.running = lambda: [Asking("ann", "person:1", "chat", "speed", REAL())]
    other.running = lambda: [Asking("bob", "person:2", "chat", "speed", REAL())]
    await one.flush()
    monkeypatch.setattr(time, "time", lambda: REAL() + ahead_s)
    await other.flush()

    assert {asking.person for asking in await other.everywhere()} == {"ann", "bob"}
    monkeypatch.undo()
    assert {asking.person for asking in await one.everywhere()} == {"ann", "bob"}


async def test_a_deletion_is_as_old_as_it_is(shared: Database, monkeypatch: pytest.MonkeyPatch, ahead_s: int) -> None:
    """By it a page tells what was asked before, and goes with it, from what was asked after, and brings it back."""
    kept = Conversations(shared)
    await kept.put("ann", Whole({"id": "a", "title": "one"}, []))
    await kept.remove("ann", "a")
    monkeypatch.setattr(time, "time", lambda: REAL() + ahead_s)

    with pytest.raises(ConversationDeletedError) as deleted:
        await kept.put_head("ann", {"id": "a", "title": "one"})
    assert 0 <= deleted.value.ago_s < 15


async def test_who_was_taken_away_writes_nothing_late(
    shared: Database, monkeypatch: pytest.MonkeyPatch, ahead_s: int
) -> None:
    people = PeopleStore(shared)
    await people.add("ann", who="tests")
    await people.remove("ann", who="tests")
    monkeypatch.setattr(time, "time", lambda: REAL() + ahead_s)

    with pytest.raises(RequestError, match="taken away"):
        await Conversations(shared).put_head("ann", {"id": "a", "title": "one"})
