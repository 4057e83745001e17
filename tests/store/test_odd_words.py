"""Whatever a browser's text may hold, the conversation is kept, on either kind of database."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from groq_core.simulator import Simulator
from groq_core.store.conversations import Conversations
from tests.store.stage import team_stage

ODD = {
    "half a letter": "a cut \ud83d",
    "the other half": "\ude42 cut",
    "NUL": "a\x00b",
    "what drives a terminal": "\x1b[2J\x07",
    "marks of direction": "a\u202eb\u2028c",
    "letters beyond the first plane": "🙂" * 60,
    "no character": "\uffff\ufffe",
}


@pytest.mark.parametrize("words", ODD.values(), ids=ODD)
async def test_odd_words_are_kept_and_found(url: str, simulator: Simulator, words: str) -> None:
    message = {"id": "m1", "role": "user", "text": f"hello {words}", "parts": [{"text": words}]}
    head = {"id": "c1", "title": words, "updated": 1000}
    readable = words.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    async with team_stage(url, simulator) as stage, stage.client("bob") as bob:
        asked = [
            await bob.put("/ui/conversations/c1", content=json.dumps({"head": head, "messages": [message]})),
            await bob.put("/ui/conversations/c1/head", content=json.dumps({**head, "pinned": True})),
            await bob.put("/ui/conversations/c1/messages/m2", content=json.dumps({**message, "id": "m2"})),
        ]
        assert [one.status_code for one in asked] == [204] * 3, [one.text for one in asked]
        kept = (await bob.get("/ui/conversations/c1")).json()
        found = (await bob.get("/ui/conversations/search", params={"q": "hello"})).json()["found"]

    assert kept["head"]["title"] == readable
    assert [one["parts"][0]["text"] for one in kept["messages"]] == [readable] * 2
    assert found


async def test_a_full_disk_is_told_as_one(
    tmp_path: Path, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL

    async def put(*_: object) -> None:
        raise OperationalError("INSERT", {}, full)

    async with team_stage(f"sqlite:///{tmp_path}/team.db", simulator) as stage, stage.client("bob") as bob:
        monkeypatch.setattr(Conversations, "put", put)
        body = {"head": {"id": "c1", "title": "x", "updated": 1}, "messages": []}
        told = await bob.put("/ui/conversations/c1", content=json.dumps(body))
    assert (told.status_code, told.json()["error"]["code"]) == (507, "disk_full")
    assert int(told.headers["retry-after"]) > 0
