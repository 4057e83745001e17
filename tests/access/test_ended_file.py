"""Where there is no database, who signed out stays signed out by a file of the state folder."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx
import pytest

from groq_core.access import ended_file
from groq_core.access.ended_file import FILE, EndedFile
from groq_core.access.passwords import hash_password
from tests.doors.stage import house
from tests.requires import only_where


async def test_no_restart_makes_an_ended_session_good_again(tmp_path: Path) -> None:
    users = tmp_path / "users"
    users.write_text(f"ann:{hash_password('open sesame')}\n")
    settings = {
        "GROQ_CORE_AUTH_FILE": str(users),
        "GROQ_CORE_SECRET": "a-secret-of-all-starts",
        "GROQ_CORE_STATE_DIR": str(tmp_path / "state"),
        "GROQ_CORE_OFFLINE": "1",
    }

    async def status_of(client: httpx.AsyncClient, session: str) -> int:
        client.cookies.clear()
        return (await client.get("ui/pass", headers={"cookie": f"groq_core_session={session}"})).status_code

    async with house(**settings) as (client, _):
        sessions = []
        for _ in range(2):
            await client.post("login", data={"name": "ann", "password": "open sesame"})
            sessions.append(client.cookies["groq_core_session"])
            client.cookies.clear()
        await client.post("logout", headers={"cookie": f"groq_core_session={sessions[0]}"})
        assert [await status_of(client, one) for one in sessions] == [401, 200]

    async with house(**settings) as (client, _):
        assert [await status_of(client, one) for one in sessions] == [401, 200]


async def test_the_processes_of_a_machine_hear_it_of_each_other(tmp_path: Path) -> None:
    one, other = EndedFile(tmp_path / "state"), EndedFile(tmp_path / "state")
    await one.add("a", 0)
    assert await other.has("a")
    for name in ("b", "b", "a"):
        await other.add(name, 0)
    assert await one.has("b")
    assert not await one.has("c")
    assert (tmp_path / "state" / FILE).read_text().split() == ["a", "b"], "each once, so that nobody drives others out"


@only_where(sys.platform != "win32", "rights of a file are another matter there")
async def test_the_file_is_its_owner_s_and_does_not_grow_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = 3
    monkeypatch.setattr(ended_file, "KEPT_ENDED", kept)
    for name in "abcdefgh":
        await EndedFile(tmp_path).add(name, 0)
    last = EndedFile(tmp_path)
    assert [name for name in "abcdefgh" if await last.has(name)] == ["f", "g", "h"]
    assert len((tmp_path / FILE).read_text().split()) <= 2 * kept
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


async def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = EndedFile(tmp_path / "file")
    await ended.add("a", 0)
    assert await ended.has("a")
