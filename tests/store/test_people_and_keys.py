"""People and keys, on both databases: what is added is there, what is taken back is worth nothing at once."""

from __future__ import annotations

import asyncio
import time

import pytest
from sqlalchemy import text

from groq_core.errors import RequestError, SettingsError
from groq_core.redaction import Secret
from groq_core.store import people as module
from groq_core.store.audit import Announcements, AuditLog
from groq_core.store.database import Database, open_database
from groq_core.store.keys import ApiKeys, age
from groq_core.store.people import PeopleStore


async def test_a_person_is_added_changed_and_removed(database: Database) -> None:
    people = PeopleStore(database)
    await people.add("ann", who="tests", password="scrypt$x$y")
    await people.set_role("ann", "admin", who="tests")
    await people.set_limits("ann", "20/minute, $2/day", who="tests")

    (ann,) = await people.all()
    assert (ann.name, ann.role, ann.limits, ann.password) == ("ann", "admin", "20/minute, 2 usd/day", True)
    assert await people.passwords() == {"ann": "scrypt$x$y"}
    assert await people.role("ann") == "admin"

    await people.remove("ann", who="tests")
    assert await people.all() == []
    changes = await AuditLog(database).newest()
    assert [(change.who, change.action, change.subject) for change in changes] == [
        ("tests", action, "ann") for action in ("people remove", "people limit", "people role", "people add")
    ]


async def test_a_role_can_be_given_to_somebody_who_signs_in_elsewhere(database: Database) -> None:
    people = PeopleStore(database)
    await people.set_role("bob@example.org", "admin", who="tests")

    assert await people.role("bob@example.org") == "admin"
    assert await people.role("nobody") == "user"


@pytest.mark.parametrize("name", ["", "a:b", "#x", "@team", "a\nb", "x" * 201])
async def test_a_name_that_cannot_be_one_is_refused(database: Database, name: str) -> None:
    with pytest.raises(RequestError, match="name"):
        await PeopleStore(database).add(name, who="tests")


async def test_what_is_not_there_is_said_to_be_missing(database: Database) -> None:
    people, keys = PeopleStore(database), ApiKeys(database)
    for change in (
        people.remove("nobody", who="tests"),
        people.set_password("nobody", "x", who="tests"),
        keys.revoke("none", who="tests"),
        keys.set_limits("none", "1/day", who="tests"),
    ):
        with pytest.raises(RequestError) as refused:
            await change
        assert refused.value.status == 404
    assert await AuditLog(database).newest() == []


async def test_a_name_is_given_once(database: Database) -> None:
    people, keys = PeopleStore(database), ApiKeys(database)
    await people.add("ann", who="tests")
    await keys.create("ci", who="tests")
    with pytest.raises(RequestError, match="already"):
        await people.add("ann", who="tests")
    with pytest.raises(RequestError, match="already"):
        await keys.create("ci", who="tests")


async def test_a_key_is_good_until_it_is_revoked(database: Database) -> None:
    keys = ApiKeys(database)
    assert not await keys.exist()
    key = (await keys.create("ci", who="tests", person="ann", limit="5/minute")).reveal()

    holder = await keys.holder(key.encode())
    assert holder is not None
    assert (holder.person, holder.user[:4]) == ("ann", "key:")
    assert [str(limit) for limit in await keys.bounds(int(holder.user[4:]))] == ["5/minute"]
    for wrong in (b"", key[:-1].encode(), key.upper().encode(), b"gck_", b"gsk_" + key[4:].encode()):
        assert await keys.holder(wrong) is None

    await keys.revoke("ci", who="tests")
    assert await keys.holder(key.encode()) is None
    assert await keys.exist(), "taking the last key back must not open the door to everybody"
    (entry,) = await keys.all()
    assert entry.state == "revoked"


async def test_a_key_is_revoked_in_every_process_at_once(url: str) -> None:
    async with open_database(Secret(url)) as one, open_database(Secret(url)) as other:
        key = (await ApiKeys(one).create("ci", who="tests")).reveal().encode()
        elsewhere = ApiKeys(other)
        assert await elsewhere.holder(key) is not None
        await ApiKeys(one).revoke("ci", who="tests")
        assert await elsewhere.holder(key) is None


async def test_a_key_expires(database: Database) -> None:
    keys = ApiKeys(database)
    key = (await keys.create("ci", who="tests", expires_s=-1)).reveal().encode()
    assert await keys.holder(key) is None
    assert (await keys.all())[0].state == "expired"


async def test_the_key_itself_is_nowhere_in_the_database(database: Database) -> None:
    key = (await ApiKeys(database).create("ci", who="tests")).reveal()
    async with database.reading() as connection:
        for table in ("api_keys", "audit"):
            assert key not in str((await connection.execute(text(f"SELECT * FROM {table}"))).all())


async def test_a_removed_person_has_no_keys_left(database: Database) -> None:
    people, keys = PeopleStore(database), ApiKeys(database)
    await people.add("ann", who="tests")
    key = (await keys.create("hers", who="tests", person="ann")).reveal().encode()
    await people.remove("ann", who="tests")
    assert await keys.holder(key) is None


@pytest.mark.parametrize(("words", "seconds"), [("90d", 90 * 86400), ("1h", 3600), ("2 w", 14 * 86400)])
def test_an_age_is_read(words: str, seconds: float) -> None:
    assert age(words) == seconds


@pytest.mark.parametrize("words", ["", "d", "0d", "-1d", "90", "1 fortnight"])
def test_what_is_no_age_is_refused(words: str) -> None:
    with pytest.raises(RequestError, match="90d"):
        age(words)


async def test_the_newest_announcement_counts(database: Database) -> None:
    board = Announcements(database)
    assert await board.current() == ""
    await board.announce("Closed on Monday", who="ann")
    await board.announce("", who="ann")
    assert await board.current() == ""


async def test_processes_that_start_together_make_the_tables_once(empty_url: str) -> None:
    async def start() -> int:
        async with open_database(Secret(empty_url)) as database, database.reading() as connection:
            return len((await connection.execute(text("SELECT * FROM alembic_version"))).all())

    assert await asyncio.gather(*(start() for _ in range(4))) == [1] * 4


async def test_a_database_that_is_not_there_stops_the_start_without_its_password() -> None:
    before = time.monotonic()
    with pytest.raises(SettingsError, match="GROQ_CORE_DATABASE") as refused:
        async with open_database(Secret("postgresql://ann:s3cret@127.0.0.1:1/none")):
            pass
    assert "s3cret" not in refused.value.message
    assert time.monotonic() - before < 30


async def test_who_was_taken_away_while_an_answer_was_written_does_not_come_back_by_its_end(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = PeopleStore(database)
    await people.add("ann", who="tests")
    await people.remove("ann", who="tests")
    await people.record_visits(["ann", "eve"], {})
    assert [one.name for one in await people.all()] == ["eve"], "who signs in elsewhere gets a line"

    monkeypatch.setattr(module, "ANSWERED_S", 0.0)  # later it is somebody who comes anew
    await people.record_visits(["ann"], {})
    assert [one.name for one in await people.all()] == ["ann", "eve"]


async def test_what_a_person_may_not_have_adds_nobody(database: Database) -> None:
    people = PeopleStore(database)
    with pytest.raises(RequestError):
        await people.add("ann", who="tests", limits="much")
    with pytest.raises(RequestError):
        await people.add("ann", who="tests", team="a:b")
    with pytest.raises(RequestError):
        await ApiKeys(database).create("ci", who="tests", person="a:b")
    assert await people.all() == []
    await people.add("ann", who="tests", limits="$2/day", team="lab")
    (ann,) = await people.all()
    assert (ann.limits, ann.team) == ("2 usd/day", "lab")


async def test_an_announcement_is_told_whole_or_not_at_all(database: Database) -> None:
    announcements = Announcements(database)
    await announcements.announce("x" * 2000, who="tests")
    with pytest.raises(RequestError, match="2,001"):
        await announcements.announce("y" * 2001, who="tests")
    assert await announcements.current() == "x" * 2000
