"""Conversations on both databases: one's own only, found by words, shared by link until taken back."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from groq_core.errors import RequestError
from groq_core.redaction import Secret
from groq_core.store.backup import back_up, restore
from groq_core.store.conversations import ConversationDeletedError, Conversations
from groq_core.store.database import Database, open_database
from groq_core.store.keys import ApiKeys
from groq_core.store.people import PeopleStore
from groq_core.store.shapes import Whole


def whole(id: str, *texts: str, updated: int = 1000) -> Whole:
    messages: list[dict[str, Any]] = [
        {"id": f"{id}-{number}", "parent": f"{id}-{number - 1}" if number else None, "role": "user", "text": words}
        for number, words in enumerate(texts)
    ]
    return Whole({"id": id, "title": texts[0], "updated": updated, "leaf": f"{id}-0", "extra": {"ü": [1]}}, messages)


async def test_what_was_put_is_read_as_it_was(database: Database) -> None:
    kept = Conversations(database)
    put = whole("a", "Grüße 🌍", "second")
    await kept.put("ann", put)

    assert await kept.read("ann", "a") == put
    assert await kept.heads("ann") == [put.head]


async def test_a_message_is_added_and_changed_and_removed(database: Database) -> None:
    kept = Conversations(database)
    await kept.put("ann", whole("a", "one"))
    await kept.put_message("ann", "a", {"id": "m", "text": "draft"})
    await kept.put_message("ann", "a", {"id": "m", "text": "final"})
    read = await kept.read("ann", "a")
    assert read is not None
    assert [message["text"] for message in read.messages] == ["one", "final"]

    await kept.remove_messages("ann", ["m"])
    read = await kept.read("ann", "a")
    assert read is not None
    assert [message["text"] for message in read.messages] == ["one"]


async def test_nobody_reaches_anything_of_somebody_else(database: Database) -> None:
    kept = Conversations(database)
    await kept.put("ann", whole("a", "secret of ann"))

    assert await kept.read("bob", "a") is None
    assert await kept.heads("bob") == []
    assert await kept.search("bob", "secret") == []
    assert await kept.search("ann b", "secret") == []
    assert await kept.remove("bob", "a") is None
    await kept.remove_messages("bob", ["a-0"])
    await kept.clear("bob")
    with pytest.raises(RequestError):
        await kept.share("bob", "a")
    # The same ids may well be somebody else's too.
    await kept.put("bob", whole("a", "words of bob"))
    read = await kept.read("ann", "a")
    assert read is not None
    assert read.messages[0]["text"] == "secret of ann"


async def test_words_are_found_wherever_they_stand(database: Database) -> None:
    kept = Conversations(database)
    await kept.put("ann.smith@example.org", whole("a", "The quick brown fox", "jumps"))
    await kept.put("ann.smith@example.org", whole("b", "a lazy dog", "brown bears"))

    async def find(words: str) -> set[str]:
        return {hit.id for hit in await kept.search("ann.smith@example.org", words)}

    assert await find("BROWN") == {"a", "b"}
    assert await find("brown fox") == {"a"}
    assert await find("bro") == {"a", "b"}
    assert await find("nothing") == set()
    assert await find("") == await find("*&|!'\":()") == set()
    assert await find('fox" OR "dog') == set()
    await kept.put_message("ann.smith@example.org", "a", {"id": "a-0", "text": "changed"})
    assert await find("fox") == set()
    await kept.remove("ann.smith@example.org", "b")
    assert await find("dog") == set()


async def test_what_was_removed_can_be_put_back(database: Database) -> None:
    kept = Conversations(database)
    put = whole("a", "one", "two")
    await kept.put("ann", put)
    removed = await kept.remove("ann", "a")
    assert removed == put
    assert await kept.read("ann", "a") is None
    await kept.put("ann", removed)
    assert await kept.read("ann", "a") == put


@pytest.mark.parametrize("clearing", [False, True])
async def test_what_was_deleted_is_not_brought_back_by_what_comes_late(database: Database, clearing: bool) -> None:
    kept = Conversations(database)
    put = whole("a", "one")
    await kept.put("ann", put)
    await kept.put("bob", put)
    before = time.time()
    await (kept.clear("ann") if clearing else kept.remove("ann", "a"))

    for late in (kept.put_head("ann", put.head), kept.put_message("ann", "a", {"id": "m", "text": "late words"})):
        with pytest.raises(RequestError, match="deleted") as refusal:
            await late
        assert refusal.value.status == 410
        assert isinstance(refusal.value, ConversationDeletedError)
        assert 0 <= refusal.value.ago_s <= time.time() - before
    assert await kept.heads("ann") == []
    assert await kept.search("ann", "late") == []
    await kept.put_head("bob", put.head)  # whose own it is, is not touched

    await kept.put("ann", put)
    await kept.put_message("ann", "a", {"id": "m", "text": "back again"})
    read = await kept.read("ann", "a")
    assert read is not None
    assert [message["text"] for message in read.messages] == ["one", "back again"]


async def test_a_device_writes_only_what_is_new_in_a_head(database: Database) -> None:
    kept = Conversations(database)
    stale = {"id": "a", "title": "Foxes", "pinned": False, "leaf": "m1", "updated": 1}
    await kept.put_head("ann", {**stale, "title": "Ours", "pinned": True})

    await kept.put_head("ann", {**stale, "leaf": "m2"}, ["leaf"])
    assert await kept.heads("ann") == [{**stale, "title": "Ours", "pinned": True, "leaf": "m2"}]
    await kept.put_head("ann", {"id": "a"}, ["leaf"])
    assert "leaf" not in (await kept.heads("ann"))[0]
    await kept.put_head("ann", {**stale, "id": "b"}, ["leaf"])
    assert {**stale, "id": "b"} in await kept.heads("ann"), "whole where there is none"


async def test_a_message_that_comes_before_its_head_is_kept(database: Database) -> None:
    kept = Conversations(database)
    await kept.put_message("ann", "new", {"id": "m", "text": "first"})
    await kept.put_head("ann", {"id": "new", "title": "first"})
    read = await kept.read("ann", "new")
    assert read is not None
    assert [message["text"] for message in read.messages] == ["first"]


async def test_a_shared_one_is_read_by_its_link_until_it_is_taken_back(database: Database) -> None:
    kept = Conversations(database)
    await kept.put("ann", whole("a", "one"))
    link = await kept.share("ann", "a")
    assert await kept.share("ann", "a") == link
    found = await kept.find_shared(link)
    assert found is not None
    assert found.messages[0]["text"] == "one"
    assert found.head["share"] == link

    await kept.unshare("ann", "a")
    assert await kept.find_shared(link) is None
    assert await kept.share("ann", "a") != link
    await kept.clear("ann")
    assert await kept.find_shared(link) is None


async def test_the_link_of_a_deleted_one_comes_back_when_that_is_taken_back(database: Database) -> None:
    kept = Conversations(database)
    await kept.put("ann", whole("a", "one"))
    link = await kept.share("ann", "a")
    was = await kept.remove("ann", "a")
    assert was is not None
    assert await kept.find_shared(link) is None

    await kept.put("ann", was)
    found = await kept.find_shared(link)
    assert found is not None
    assert found.messages == was.messages
    assert (await kept.heads("ann"))[0]["share"] == link

    heads = await kept.heads("ann")
    await kept.clear("ann")
    await kept.put("ann", Whole(heads[0], was.messages))
    assert await kept.find_shared(link) is not None, "of all that were deleted, too"

    await kept.remove("ann", "a")
    await kept.unshare("ann", "a")
    await kept.put("ann", was)
    assert await kept.find_shared(link) is None, "somebody stopped sharing it meanwhile"


async def test_nobody_gets_a_link_by_naming_it(database: Database) -> None:
    kept = Conversations(database)
    await kept.put("ann", whole("a", "one"))
    link = await kept.share("ann", "a")
    was = await kept.remove("ann", "a")
    assert was is not None

    await kept.put("bob", was)
    assert await kept.find_shared(link) is None, "it was not his"
    await kept.put("ann", Whole({**was.head, "id": "b"}, []))
    assert await kept.find_shared(link) is None, "it was not this one's"
    await kept.put("ann", whole("a", "imported"))
    await kept.put("ann", was)
    assert await kept.find_shared(link) is None, "what comes from elsewhere is shared with nobody"


async def test_two_who_share_it_at_once_have_the_same_link(database: Database) -> None:
    kept = Conversations(database)
    await kept.put("ann", whole("a", "one"))

    links = await asyncio.gather(*(kept.share("ann", "a") for _ in range(8)))

    assert len(set(links)) == 1
    assert await kept.find_shared(links[0]) is not None


async def test_what_a_page_writes_after_its_person_was_taken_away_is_nobody_s(database: Database) -> None:
    """The next who gets the name found it in his list."""
    kept, people = Conversations(database), PeopleStore(database)
    await people.add("ann", who="tests")
    await kept.put("ann", whole("a", "one"))
    await people.remove("ann", who="tests")

    for late in (
        kept.put("ann", whole("a", "one")),
        kept.put_head("ann", whole("b", "two").head),
        kept.put_message("ann", "a", {"id": "m1", "text": "three"}),
    ):
        with pytest.raises(RequestError) as refused:
            await late
        assert refused.value.code == "person_removed"

    await people.add("ann", who="tests")
    assert await kept.heads("ann") == []
    await kept.put("ann", whole("c", "one"))
    assert len(await kept.heads("ann")) == 1


async def test_everything_of_a_person_is_exported_and_cleared(database: Database) -> None:
    kept = Conversations(database)
    mine = [whole("a", "one", "two"), whole("b", "three")]
    for one in mine:
        await kept.put("ann", one)
    assert sorted(await kept.export("ann"), key=lambda one: str(one.head["id"])) == mine
    await kept.clear("ann")
    assert await kept.export("ann") == []


@pytest.mark.parametrize("bad", [{}, {"id": 7}, {"id": ""}, {"id": "a/b"}, {"id": "x" * 65}])
async def test_what_is_no_conversation_is_refused(database: Database, bad: dict[str, Any]) -> None:
    with pytest.raises(RequestError):
        await Conversations(database).put_head("ann", bad)


async def test_a_backup_is_read_back_whole(url: str, tmp_path: Path) -> None:
    file = tmp_path / "backup.gz"
    put = whole("a", "Grüße", "two")
    async with open_database(Secret(url)) as database:
        await PeopleStore(database).add("ann", who="tests")
        key = (await ApiKeys(database).create("ci", who="tests")).reveal().encode()
        await Conversations(database).put("ann", put)
        rows = await back_up(database, file)
        with pytest.raises(RequestError, match="not empty"):
            await restore(database, file)
        await PeopleStore(database).remove("ann", who="tests")
        assert await restore(database, file, replace=True) == rows
        assert await Conversations(database).read("ann", "a") == put
        assert await ApiKeys(database).holder(key) is not None
        assert [hit.id for hit in await Conversations(database).search("ann", "grüße")] == ["a"]
        await ApiKeys(database).create("next", who="tests")  # numbers go on where they were
    assert file.stat().st_mode & 0o077 == 0
    # And into the other kind of database.
    async with open_database(Secret(f"sqlite:///{tmp_path}/other.db")) as other:
        assert await restore(other, file) == rows
        assert await Conversations(other).read("ann", "a") == put


async def test_half_a_backup_changes_nothing(tmp_path: Path) -> None:
    file, half = tmp_path / "backup.gz", tmp_path / "half.gz"
    async with open_database(Secret(f"sqlite:///{tmp_path}/a.db")) as database:
        await Conversations(database).put("ann", whole("a", *(f"text {n * 7919}" for n in range(300))))
        await back_up(database, file)
        half.write_bytes(file.read_bytes()[:-200])
        with pytest.raises(RequestError, match="cut short"):
            await restore(database, half, replace=True)
        async with database.reading() as connection:
            assert (await connection.execute(text("SELECT count(*) FROM messages"))).scalar() == 300
        for wrong in (b"", b"{}", b"not gzip"):
            half.write_bytes(wrong)
            with pytest.raises(RequestError, match="not a backup"):
                await restore(database, half, replace=True)
