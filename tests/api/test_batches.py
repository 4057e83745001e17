"""Files and batches, by OpenAI's own client and Groq's: carried out by our own processor, across a restart."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import groq
import httpx
import openai
import orjson
import pytest

from groq_core.api.app import create_api
from groq_core.compose import assemble
from groq_core.errors import RequestError
from groq_core.events import Events
from groq_core.media.image.preparation import prepare
from groq_core.redaction import Secret
from groq_core.requests import Request
from groq_core.settings.settings import Settings
from groq_core.simulator import Simulator
from tests.api.stage import Stage, begun, plays, says, serving
from tests.api.test_chat_body import MEDIA, picture


@asynccontextmanager
async def client_of(stage: Stage, key: str = "any") -> AsyncIterator[openai.AsyncOpenAI]:
    async with (
        serving(create_api(stage)) as port,
        openai.AsyncOpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key=key, max_retries=0) as client,
    ):
        yield client


ENDS = ("completed", "failed", "cancelled")


def line(name: str, **more: Any) -> dict[str, Any]:
    body = {"model": "auto", "messages": [{"role": "user", "content": f"Say {name}."}]}
    return {"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": body, **more}


def jsonl(*lines: Any) -> tuple[str, bytes]:
    return "in.jsonl", b"\n".join(one if isinstance(one, bytes) else orjson.dumps(one) for one in lines)


async def wait_for_end(client: openai.AsyncOpenAI, name: str) -> openai.types.Batch:
    async with asyncio.timeout(30):
        while (batch := await client.batches.retrieve(name)).status not in ENDS:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return batch


def settings(tmp_path: Path, **more: Any) -> Settings:
    return Settings(state_dir=tmp_path, **more)


async def begin(client: openai.AsyncOpenAI, *lines: Any) -> openai.types.Batch:
    file = await client.files.create(file=jsonl(*lines), purpose="batch")
    return await client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", metadata={"a": "b"}
    )


async def test_openais_batch_code_runs(tmp_path: Path) -> None:
    async with client_of(Stage(says("Hello"), settings(tmp_path))) as client:
        begun_batch = await begin(client, *(line(f"l{n}") for n in range(20)))
        batch = await wait_for_end(client, begun_batch.id)
        assert batch.output_file_id is not None
        content = (await client.files.content(batch.output_file_id)).read()
        listed = [one.id async for one in client.batches.list()]
        files = [one async for one in client.files.list(purpose="batch_output")]

    assert begun_batch.status in ("validating", "in_progress", "completed")
    assert batch.status == "completed"
    assert batch.request_counts is not None
    assert (batch.request_counts.total, batch.request_counts.completed, batch.request_counts.failed) == (20, 20, 0)
    assert batch.error_file_id is None
    assert batch.metadata == {"a": "b"}
    answers = [orjson.loads(one) for one in content.splitlines()]
    assert {one["custom_id"] for one in answers} == {f"l{n}" for n in range(20)}
    assert all(one["response"]["body"]["choices"][0]["message"]["content"] == "Hello" for one in answers)
    assert listed == [batch.id]
    assert [file.id for file in files] == [batch.output_file_id]


async def test_groqs_batch_code_runs_too(tmp_path: Path) -> None:
    stage = Stage(says("Hello"), settings(tmp_path))
    async with (
        serving(create_api(stage)) as port,
        groq.AsyncGroq(base_url=f"http://127.0.0.1:{port}", api_key="any", max_retries=0) as client,
    ):
        file = await client.files.create(file=jsonl(line("a")), purpose="batch")
        batch: Any = await client.batches.create(
            input_file_id=str(file.id), endpoint="/v1/chat/completions", completion_window="24h"
        )
        async with asyncio.timeout(30):
            while batch.status != "completed":
                await asyncio.sleep(0.01)
                batch = await client.batches.retrieve(batch.id)
        content = await (await client.files.content(batch.output_file_id)).read()

    assert orjson.loads(content)["custom_id"] == "a"


async def test_what_failed_is_in_a_file_of_its_own(tmp_path: Path) -> None:
    def script(request: Request) -> Events:
        bad = "two" in request.messages[0]["content"]  # type: ignore[union-attr]
        return plays(begun(), RequestError("no"))(request) if bad else says("Hello")(request)

    async with client_of(Stage(script, settings(tmp_path))) as client:
        batch = await wait_for_end(client, (await begin(client, line("one"), line("two"))).id)
        assert batch.error_file_id is not None
        errors = (await client.files.content(batch.error_file_id)).read()

    assert batch.status == "completed"
    assert batch.request_counts is not None
    assert (batch.request_counts.completed, batch.request_counts.failed) == (1, 1)
    assert orjson.loads(errors)["custom_id"] == "two"


async def test_lines_that_are_none_fail_the_batch_and_are_named(tmp_path: Path) -> None:
    stage = Stage(says("Hello"), settings(tmp_path))
    async with client_of(stage) as client:
        batch = await wait_for_end(
            client, (await begin(client, line("a"), b"{broken", line("c", url="/v1/nowhere"))).id
        )

    assert batch.status == "failed"
    assert batch.errors is not None
    assert batch.errors.data is not None
    assert [error.line for error in batch.errors.data] == [2, 3]
    assert not stage.asked


async def test_a_batch_goes_on_after_a_restart(tmp_path: Path) -> None:
    gate = asyncio.Event()
    answered = 0

    async def slow(request: Request) -> Events:
        nonlocal answered
        if answered >= 5:
            await gate.wait()
        answered += 1
        async for event in says("Hello")(request):
            yield event

    async with client_of(Stage(slow, settings(tmp_path))) as client:
        name = (await begin(client, *(line(f"l{n}") for n in range(12)))).id
        async with asyncio.timeout(30):
            while (await client.batches.retrieve(name)).request_counts.completed < 5:  # type: ignore[union-attr]  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    later = Stage(says("Later"), settings(tmp_path))
    async with client_of(later) as client:
        batch = await wait_for_end(client, name)
        content = (await client.files.content(str(batch.output_file_id))).read()

    assert batch.status == "completed"
    assert 0 < len(later.asked) <= 7, "what was answered before is not asked again"
    assert len(content.splitlines()) == 12


async def test_a_batch_is_cancelled(tmp_path: Path) -> None:
    gate = asyncio.Event()

    async def slow(request: Request) -> Events:
        await gate.wait()
        async for event in says("Hello")(request):
            yield event

    async with client_of(Stage(slow, settings(tmp_path))) as client:
        name = (await begin(client, *(line(f"l{n}") for n in range(300)))).id
        cancelled = await client.batches.cancel(name)
        gate.set()
        batch = await wait_for_end(client, name)
        with pytest.raises(openai.BadRequestError):
            await client.batches.cancel(name)

    assert cancelled.status == "cancelling"
    assert batch.status == "cancelled"


async def test_files_and_batches_are_their_owners_alone(tmp_path: Path) -> None:
    stage = Stage(says("Hello"), settings(tmp_path, api_tokens=(Secret("a"), Secret("b"))))
    async with (
        serving(create_api(stage)) as port,
        openai.AsyncOpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="a", max_retries=0) as mine,
        openai.AsyncOpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="b", max_retries=0) as other,
    ):
        file = await mine.files.create(file=jsonl(line("a")), purpose="batch")
        name = (await begin(mine, line("a"))).id
        await wait_for_end(mine, name)
        for work in (
            other.files.retrieve(file.id),
            other.files.content(file.id),
            other.files.delete(file.id),
            other.batches.retrieve(name),
            other.batches.cancel(name),
        ):
            with pytest.raises(openai.NotFoundError):
                await work
        assert [one async for one in other.files.list()] == []
        with pytest.raises(openai.NotFoundError):
            await other.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
        await mine.files.delete(file.id)


@pytest.mark.parametrize("name", ["..%2F..%2Fsecret", "../batches/x", "", "file_none", "x" * 5000])
async def test_a_name_from_outside_is_no_path(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_bytes(b"{}")
    async with Stage(settings=settings(tmp_path)).served() as http:
        answer = await http.get(f"/v1/files/{name}/content")

    assert answer.status_code in (404, 405)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"endpoint": "/v1/chat/completions"}, "input_file_id"),
        ({"input_file_id": "file_x"}, "endpoint"),
        ({"input_file_id": "file_x", "endpoint": "/v1/chat/completions", "completion_window": 5}, "completion_window"),
    ],
)
async def test_a_refusal_names_the_field(body: dict[str, Any], param: str, tmp_path: Path) -> None:
    async with Stage(settings=settings(tmp_path)).served() as http:
        answer = await http.post("/v1/batches", json=body)

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


async def test_a_file_that_is_no_batch_is_refused(tmp_path: Path) -> None:
    async with client_of(Stage(settings=settings(tmp_path))) as client:
        with pytest.raises(openai.BadRequestError) as caught:
            await client.files.create(file=("a.txt", b"x"), purpose="batch")
        with pytest.raises(openai.BadRequestError) as assistants:
            await client.files.create(file=("a.jsonl", b"{}"), purpose="assistants")

    assert caught.value.param == "file"
    assert assistants.value.param == "purpose"


# ── handed to Groq ───────────────────────────────────────────────────────────────────────────────────

LATER: Any = {"endpoint": "/v1/chat/completions", "completion_window": "24h", "extra_body": {"via": "groq-batch"}}


@asynccontextmanager
async def house(simulator: Simulator, folder: Path, **env: str) -> AsyncIterator[str]:
    """The whole application on Groq's wire; gives its address."""
    settings = {"GROQ_API_KEY": "gsk_test", "GROQ_BASE_URL": simulator.groq_url, "GROQ_CORE_STATE_DIR": str(folder)}
    async with assemble(Settings.from_env(settings | env)) as core, serving(create_api(core)) as port:
        await core.catalogue.refresh()
        yield f"http://127.0.0.1:{port}"


async def hand_over(http_url: str, *lines: Any) -> tuple[openai.AsyncOpenAI, openai.types.Batch]:
    client = openai.AsyncOpenAI(base_url=f"{http_url}/v1", api_key="any", max_retries=0)
    file = await client.files.create(file=jsonl(*lines), purpose="batch")
    return client, await client.batches.create(input_file_id=file.id, **LATER)


async def test_groq_is_handed_a_batch_that_asks_for_it(simulator: Simulator, tmp_path: Path) -> None:
    async with house(simulator, tmp_path) as url:
        client, batch = await hand_over(url, *(line(f"l{n}") for n in range(3)))
        batch = await wait_for_end(client, batch.id)
        content = (await client.files.content(str(batch.output_file_id))).read()
        await client.close()
        async with asyncio.timeout(30):  # its end is told before its traces are gone
            while [name for name in os.listdir(tmp_path / "batches") if not name.endswith(".json")]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    assert batch.status == "completed", batch
    assert batch.request_counts is not None
    assert batch.request_counts.completed == 3
    assert {orjson.loads(one)["custom_id"] for one in content.splitlines()} == {"l0", "l1", "l2"}
    asked = [seen.path for seen in simulator.requests]
    assert any(path.endswith("/batches") for path in asked)
    assert not [path for path in asked if path.endswith("/chat/completions")]


async def test_groq_is_handed_what_it_takes_and_what_was_changed_stands_beside_the_answer(
    simulator: Simulator, tmp_path: Path
) -> None:
    said: dict[str, Any] = {"messages": [{"role": "user", "content": "Say a."}]}
    tool = {"name": "look_up", "parameters": {"type": "object", "properties": {}}}
    custom = {"type": "custom", "custom": {"name": "run"}}
    bodies: dict[str, dict[str, Any]] = {
        "plain": said,
        "changed": {"messages": [{"role": "user", "content": "Say \ud83d."}], "max_tokens": -1},
        "unknown to Groq": said | {"store": True, "metadata": {"a": "b"}, "frequency_penalty": 0.5, "user": "ann"},
        "one function": said | {"functions": [tool], "function_call": {"name": "look_up"}},
        "a custom tool": said | {"tools": [custom], "tool_choice": custom},
        "a photograph": {"messages": [{"role": "user", "content": [picture("exif-gps.jpg")]}], "model": "vision"},
        "a model from the future": said | {"model": "groq-new/model-1"},
    }
    lines = [
        {"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": {"model": "auto"} | body}
        for name, body in bodies.items()
    ]
    async with house(simulator, tmp_path) as url:
        client, batch = await hand_over(url, *(json.dumps(one).encode() for one in lines))
        batch = await wait_for_end(client, batch.id)
        content = (await client.files.content(str(batch.output_file_id))).read()
        await client.close()
    async with httpx.AsyncClient(headers={"authorization": "Bearer gsk_test"}) as itself:
        files = (await itself.get(f"{simulator.groq_url}/openai/v1/files")).json()["data"]
        [sent] = [one["id"] for one in files if one["purpose"] == "batch"]
        handed = (await itself.get(f"{simulator.groq_url}/openai/v1/files/{sent}/content")).text

    found = {one["custom_id"]: one["response"]["body"] for one in map(orjson.loads, content.splitlines())}
    assert set(found) == set(bodies) - {"a model from the future"}
    notes = {name: [note["code"] for note in body.get("notes", ())] for name, body in found.items()}
    assert notes["plain"] == notes["one function"] == []
    assert len(notes["changed"]) == 2
    assert notes["unknown to Groq"] == ["parameter_left_out"] * 3
    [choice] = found["one function"]["choices"]
    assert (choice["finish_reason"], choice["message"]["function_call"]["name"]) == ("function_call", "look_up")
    assert "tool_calls" not in choice["message"]
    [call] = found["a custom tool"]["choices"][0]["message"]["tool_calls"]
    assert (call["type"], call["custom"]) == ("custom", {"name": "run", "input": "Say a."})
    assert "function" not in call
    [photograph] = [row for row in map(orjson.loads, handed.splitlines()) if row["custom_id"] == "a photograph"]
    [part] = photograph["body"]["messages"][0]["content"]
    assert part["image_url"]["url"] == prepare((MEDIA / "exif-gps.jpg").read_bytes()).data_url


async def count_begun(simulator: Simulator) -> int:
    """How many batches were begun at the provider."""
    async with httpx.AsyncClient(headers={"authorization": "Bearer gsk_test"}) as groq_itself:
        return len((await groq_itself.get(f"{simulator.groq_url}/openai/v1/batches")).json()["data"])


async def begin_at(simulator: Simulator) -> None:
    """Wait until the provider has a batch."""
    async with asyncio.timeout(30):
        while not await count_begun(simulator):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_what_groq_was_handed_is_found_again_after_a_restart_and_paid_for_once(tmp_path: Path) -> None:
    async with Simulator(pace=1, limits="off", seed=1) as slow:
        async with house(slow, tmp_path) as url:
            client, batch = await hand_over(url, line("a"))
            await begin_at(slow)
            await client.close()
        async with house(slow, tmp_path) as url:
            client = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0)
            batch = await wait_for_end(client, batch.id)
            await client.close()
        begun_in_all = await count_begun(slow)

    assert batch.status == "completed", batch
    assert begun_in_all == 1


async def test_what_groq_was_handed_is_cancelled_there(tmp_path: Path) -> None:
    async with Simulator(pace=1, limits="off", seed=1) as slow, house(slow, tmp_path) as url:
        client, batch = await hand_over(url, *(line(f"l{n}") for n in range(20)))
        await begin_at(slow)
        await client.batches.cancel(batch.id)
        batch = await wait_for_end(client, batch.id)
        await client.close()

    assert batch.status == "cancelled", batch
    assert any(seen.path.endswith("/cancel") for seen in slow.requests)


@pytest.mark.parametrize(
    ("fields", "env", "param"),
    [
        pytest.param({"via": "pigeon"}, {}, "via", id="no such way"),
        # Nobody fetches a line's address, and files of the server are not for who hands it in: no line could succeed.
        pytest.param({"endpoint": "/v1/audio/transcriptions"}, {}, "endpoint", id="recordings"),
        pytest.param({"endpoint": "/openai/v1/audio/translations"}, {}, "endpoint", id="recordings, Groq's path"),
        pytest.param({"via": "groq-batch", "endpoint": "/v1/audio/transcriptions"}, {}, "endpoint", id="both"),
        pytest.param({"via": "groq-batch"}, {"GROQ_CORE_LIMITS": "9/day"}, "via", id="what people may use is limited"),
    ],
)
async def test_what_cannot_be_carried_out_is_refused_by_its_field(
    fields: dict[str, str], env: dict[str, str], param: str, simulator: Simulator, tmp_path: Path
) -> None:
    async with house(simulator, tmp_path, **env) as url, httpx.AsyncClient(base_url=url) as http:
        sent = {"file": ("in.jsonl", orjson.dumps(line("a")))}
        file = (await http.post("/v1/files", data={"purpose": "batch"}, files=sent)).json()
        body = {"input_file_id": file["id"], "endpoint": "/v1/chat/completions", "completion_window": "24h"} | fields
        answer = await http.post("/v1/batches", json=body)

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
