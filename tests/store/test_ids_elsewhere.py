"""An id made on one replica is found on another: responses, files and batches; a batch goes on when its own dies."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import os
import random
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from groq_core.compose import assemble
from groq_core.redaction import Secret
from groq_core.serve import create_app
from groq_core.services.batch import database_batches as module
from groq_core.services.batch.database_batches import DatabaseBatches
from groq_core.services.batch.places import BatchFolder, BatchPlace, Filed, Running
from groq_core.settings.settings import Settings
from groq_core.simulator import Simulator
from groq_core.store.database import open_database
from tests.api.stage import serving
from tests.requires import needs
from tests.store.replicas import Redis, replicas
from tests.store.stage import eventually

TOKEN = "t-0123456789"


@asynccontextmanager
async def clients(*urls: str) -> AsyncIterator[list[httpx.AsyncClient]]:
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with AsyncExitStack() as stack:
        made = (httpx.AsyncClient(base_url=url, headers=headers, timeout=30) for url in urls)
        yield [await stack.enter_async_context(client) for client in made]


async def respond(http: httpx.AsyncClient, **fields: Any) -> httpx.Response:
    return await http.post("/v1/responses", json={"input": "My name is Ann.", "max_output_tokens": 200, **fields})


async def check_responses(first: httpx.AsyncClient, other: httpx.AsyncClient) -> None:
    """Ask on one, go on and read on the other, delete there, and find nothing on the first."""
    answer = await respond(first, store=True)
    made = answer.json()
    read = await other.get(f"/v1/responses/{made['id']}")
    assert read.json() == made
    again = await respond(other, input="Who am I?", previous_response_id=made["id"])
    assert again.status_code == 200, again.text
    (item,) = [one for one in made["output"] if one["type"] == "message"]
    refers = [{"type": "item_reference", "id": item["id"]}, {"role": "user", "content": "And?"}]
    assert (await respond(other, input=refers)).status_code == 200
    async with first.stream("POST", "/v1/responses", json={"input": "Say yes.", "stream": True}) as stream:
        events = [json.loads(line[6:]) async for line in stream.aiter_lines() if line.startswith("data: {")]
    streamed = events[-1]["response"]["id"]
    assert (await other.get(f"/v1/responses/{streamed}")).json()["id"] == streamed
    stranger = await other.get(f"/v1/responses/{made['id']}", headers={"authorization": "Bearer t-another-token"})
    assert stranger.status_code == 404
    assert (await other.delete(f"/v1/responses/{made['id']}")).status_code == 200
    assert (await first.get(f"/v1/responses/{made['id']}")).status_code == 404


TURNS = 6


def noise(seed: int) -> str:
    """A picture that cannot be made smaller."""
    pixels = random.Random(seed).randbytes(128 * 128 * 3)
    file = io.BytesIO()
    Image.frombytes("RGB", (128, 128), pixels).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


async def check_chain(*replicas: httpx.AsyncClient) -> int:
    """A chain over replicas in turn, each turn with a picture and a long text of its own; the bytes it is made of."""
    sent, previous = 0, None
    for turn in range(TURNS):
        picture, text = noise(turn), f"Number {turn}. " * 1000
        content = [{"type": "input_image", "image_url": picture}, {"type": "input_text", "text": text}]
        http = replicas[turn % len(replicas)]
        asked = {"input": [{"role": "user", "content": content}], "previous_response_id": previous, "model": "vision"}
        answer = await respond(http, **asked)
        assert answer.status_code == 200, answer.text
        previous = answer.json()["id"]
        sent += len(picture) + len(text)
        for other in replicas:
            items = (await other.get(f"/v1/responses/{previous}/input_items")).json()
            (item,) = items["data"]
            assert [part.get("text", part.get("image_url")) for part in item["content"]] == [picture, text]
    last = await respond(replicas[0], input="How many pictures?", previous_response_id=previous, model="vision")
    assert last.status_code == 200, last.text
    return sent


TOKENS = {"GROQ_CORE_API_TOKENS": f"{TOKEN}, t-another-token"}


@needs("redis-server")
async def test_a_response_is_found_on_another_replica_by_redis(redis: Redis, simulator: Simulator) -> None:
    async with (
        replicas(2, redis, simulator, pages=False, **TOKENS) as running,
        clients(*running.urls) as (first, other),
    ):
        assert await eventually(running.in_step, 5)
        await check_responses(first, other)
        made = (await respond(first)).json()
        redis.kill()
        assert await eventually(running.away, 5)
        assert (await first.get(f"/v1/responses/{made['id']}")).json() == made, "it goes on alone"


@needs("redis-server")
async def test_a_chain_of_responses_keeps_each_picture_once_in_redis(redis: Redis, simulator: Simulator) -> None:
    async with (
        replicas(2, redis, simulator, pages=False, **TOKENS) as running,
        clients(*running.urls) as both,
    ):
        assert await eventually(running.in_step, 5)
        sent = await check_chain(*both)
        lengths = [redis.ask("STRLEN", name) for name in redis.keys() if "shelf:" in name]  # noqa: SIM118
    # Each picture as it came, and as it was made anew for the models.
    assert sum(lengths) < 3 * sent


@needs("redis-server")
async def test_of_deleted_responses_nothing_can_be_read_in_redis(redis: Redis, simulator: Simulator) -> None:
    picture, text = noise(1), "A long secret. " * 1000
    content = [{"type": "input_image", "image_url": picture}, {"type": "input_text", "text": text}]
    names = [f"long:{hashlib.sha256(one.encode()).hexdigest()}" for one in (picture, text)]

    def shelf() -> str:
        """All that stands there; a long string can be read by who knows its name."""
        return "".join(redis.text(name) for name in redis.keys() if "shelf:" in name)  # noqa: SIM118

    async with (
        replicas(2, redis, simulator, pages=False, **TOKENS) as running,
        clients(*running.urls) as (first, other),
    ):
        assert await eventually(running.in_step, 5)
        made = (await respond(first, input=[{"role": "user", "content": content}], model="vision")).json()["id"]
        more = (await respond(first, input="And?", previous_response_id=made, model="vision")).json()["id"]
        assert all(name in shelf() for name in names)
        assert picture[:200] not in shelf()
        assert text[:200] not in shelf()
        await first.delete(f"/v1/responses/{made}")
        # Who goes on from what was deleted still has it.
        again = await respond(other, input="What is in it?", previous_response_id=more, model="vision")
        assert again.status_code == 200, again.text
        for one in (more, again.json()["id"]):
            assert (await other.delete(f"/v1/responses/{one}")).status_code == 200
        assert not any(name in shelf() for name in names)


async def test_responses_files_and_batches_are_found_on_another_replica_by_the_database(
    url: str, simulator: Simulator, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        urls = []
        for number in range(2):
            given = {"GROQ_CORE_DATABASE": url, "GROQ_CORE_OFFLINE": "1", **TOKENS}
            settings = Settings.from_env({**given, "GROQ_CORE_STATE_DIR": str(tmp_path / str(number))})
            core = await stack.enter_async_context(assemble(settings, simulator=simulator))
            port = await stack.enter_async_context(serving(create_app(core)))
            urls.append(f"http://127.0.0.1:{port}")
        first, other = await stack.enter_async_context(clients(*urls))
        await check_responses(first, other)
        await check_chain(first, other)
        body = {"model": "speed", "messages": [{"role": "user", "content": "Hi"}]}
        line = {"method": "POST", "url": "/v1/chat/completions", "body": body}
        lines = b"".join(json.dumps({"custom_id": f"c{n}", **line}).encode() + b"\n" for n in range(5))
        upload = {"file": ("in.jsonl", lines)}
        made = (await first.post("/v1/files", files=upload, data={"purpose": "batch"})).json()
        assert (await other.get(f"/v1/files/{made['id']}/content")).content == lines
        asked = {"input_file_id": made["id"], "endpoint": "/v1/chat/completions", "completion_window": "24h"}
        batch = (await other.post("/v1/batches", json=asked)).json()

        async def find_completed() -> Any:
            found = (await first.get(f"/v1/batches/{batch['id']}")).json()
            return found if found["status"] == "completed" else None

        ended = await eventually(find_completed, 20)
        assert ended["request_counts"] == {"total": 5, "completed": 5, "failed": 0}
        output = (await first.get(f"/v1/files/{ended['output_file_id']}/content")).text
        assert sorted(json.loads(one)["custom_id"] for one in output.splitlines()) == [f"c{n}" for n in range(5)]
        assert [one["id"] for one in (await first.get("/v1/batches")).json()["data"]] == [batch["id"]]
        assert (await first.delete(f"/v1/files/{made['id']}")).status_code == 200
        assert (await other.get(f"/v1/files/{made['id']}")).status_code == 404


@pytest.fixture(params=["folder", "sqlite", "postgresql", "sqlite and no state folder"])
async def places(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[list[BatchPlace]]:
    """What two processes have."""
    if request.param == "folder":
        yield [BatchFolder(tmp_path), BatchFolder(tmp_path)]
        return
    sqlite = f"sqlite:///{tmp_path}/team.db"
    url = request.getfixturevalue("postgres").new_url() if request.param == "postgresql" else sqlite
    async with open_database(Secret(url)) as database:
        if request.param.endswith("no state folder"):  # as on a file system that may only be read
            (tmp_path / "here").touch()
            (tmp_path / "there").touch()
        yield [DatabaseBatches(database, tmp_path / "here"), DatabaseBatches(database, tmp_path / "there")]


def new_batch() -> Running:
    return Running(id="batch_1", owner=("server", "me"), endpoint="/v1/x", input_file_id="f", completion_window="24h")


async def test_a_batch_is_carried_out_by_one_process_at_a_time(places: list[BatchPlace]) -> None:
    first, other = places
    await first.put_batch(new_batch())
    assert await first.claim("batch_1")
    assert await first.claim("batch_1"), "it keeps it"
    assert not await other.claim("batch_1")
    await other.cancel("batch_1")
    seen = await first.batch("batch_1")
    assert seen is not None
    assert seen.status == "cancelling"
    await first.put_batch(new_batch())
    again = await first.batch("batch_1")
    assert again is not None
    assert again.status == "cancelling", "a wish is not lost when the holder tells its counts"
    await first.release("batch_1")
    assert await other.claim("batch_1")
    assert not await first.claim("batch_1")


async def test_whoever_goes_on_with_a_batch_begins_with_what_was_answered(
    places: list[BatchPlace], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, other = places
    await first.put_batch(new_batch())
    assert await first.claim("batch_1")
    path = await first.answers("batch_1")
    path.write_bytes(b"one\ntwo\nhal")
    await first.save_answers("batch_1")
    path.write_bytes(b"one\ntwo\nhalf\nlast")
    await first.save_answers("batch_1")
    if isinstance(other, DatabaseBatches):
        monkeypatch.setattr(module, "LEASE_S", 0.0)
        await first.claim("batch_1")  # its lease ends at once: the process has died
        await asyncio.sleep(0.01)
    else:
        await first.release("batch_1")
    assert await other.claim("batch_1")
    assert (await other.answers("batch_1")).read_bytes().startswith(b"one\ntwo\nhalf\n")


async def test_a_temporary_folder_is_tidied_for_itself_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary, others = tmp_path / "temporary", tmp_path / "temporary" / "of-others"
    others.mkdir(parents=True)
    os.utime(others, (0, 0))
    (tmp_path / "taken").touch()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    async with open_database(Secret(f"sqlite:///{tmp_path}/team.db")) as database:
        place = DatabaseBatches(database, tmp_path / "taken")
        file = Filed(id="file_1", owner=("server", "me"), filename="x", purpose="batch", bytes=1, created_at=10**10)
        await place.put_file(file, b"x")
        kept = await place.content("file_1")
        await place.tidy()
    assert kept.is_relative_to(temporary)
    assert others.is_dir()


async def test_a_file_of_another_owner_and_one_that_was_deleted_are_not_found(places: list[BatchPlace]) -> None:
    first, other = places
    data = bytes(range(256)) * 4096
    file = Filed(id="file_1", owner=("server", "me"), filename="x", purpose="batch", bytes=len(data), created_at=10**10)
    await first.put_file(file, data)
    assert await other.files(("server", "me")) == [file]
    assert await other.files(("server", "you")) == []
    assert (await other.content("file_1")).read_bytes() == data
    await other.remove_file("file_1")
    assert await first.file("file_1") is None
