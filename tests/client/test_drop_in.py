"""`groq_core.AsyncGroq` and `groq_core.Groq` in place of Groq's own: same calls, same shapes, the chain behind."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import groq
import httpx
import pytest
from groq.types.chat import ChatCompletion, ChatCompletionChunk

import groq_core
from groq_core.client.in_process import AsyncTransport
from groq_core.connections.event_loop import PerLoop
from groq_core.settings.settings import Settings
from groq_core.simulator import Fault, Simulator
from tests.media.samples import tone, wav

HI: Any = [{"role": "user", "content": "Count from 1 to 12."}]


@asynccontextmanager
async def upstream() -> AsyncIterator[Simulator]:
    simulator = Simulator(pace=0, limits="off", seed=1)
    await simulator.start()
    try:
        yield simulator
    finally:
        await simulator.stop()


def settings(simulator: Simulator, **env: str) -> Settings:
    backup = {"OPENAI_API_KEY": "sk-x", "OPENAI_BASE_URL": simulator.openai_url}
    return Settings.from_env({"GROQ_API_KEY": "gsk_x", "GROQ_BASE_URL": simulator.groq_url, **backup, **env})


async def test_a_completion_has_the_sdks_shape() -> None:
    async with upstream() as simulator, groq_core.AsyncGroq(settings=settings(simulator)) as client:
        answer = await client.chat.completions.create(model="openai/gpt-oss-20b", messages=HI)

    assert isinstance(client, groq.AsyncGroq)
    assert isinstance(answer, ChatCompletion)
    assert "12" in (answer.choices[0].message.content or "")
    assert answer.usage is not None
    assert answer.x_groq is not None


async def test_a_stream_falls_back_under_a_fault() -> None:
    async with upstream() as simulator, groq_core.AsyncGroq(settings=settings(simulator)) as client:
        simulator.faults.add(Fault(kind="status", preset="503_over_capacity", provider="groq", operation="chat"))
        stream = await client.chat.completions.create(model="auto", messages=HI, stream=True)
        chunks = [chunk async for chunk in stream]

    assert all(isinstance(chunk, ChatCompletionChunk) for chunk in chunks)
    assert "12" in "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert chunks[-1].model_extra is not None
    receipt = chunks[-1].model_extra["x_groq_core"]
    assert receipt["served_by"]["provider"] == "openai"
    assert receipt["attempts"][0]["outcome"] == "failed"


async def test_errors_are_the_sdks_own() -> None:
    async with upstream() as simulator, groq_core.AsyncGroq(settings=settings(simulator)) as client:
        with pytest.raises(groq.BadRequestError):
            await client.chat.completions.create(model="auto", messages=[])
        simulator.faults.add(Fault(kind="status", preset="503_over_capacity", operation="chat"))
        with pytest.raises(groq.InternalServerError):
            await client.chat.completions.create(model="auto", messages=HI)


async def test_a_reader_who_leaves_ends_the_work() -> None:
    ended = asyncio.Event()

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            while True:
                await send({"type": "http.response.body", "body": b"x" * 100, "more_body": True})
        finally:
            ended.set()

    async def open_app() -> Any:
        return endless

    async def close() -> None: ...

    async with httpx.AsyncClient(transport=AsyncTransport(open_app, close)) as client:
        async with client.stream("GET", "http://localhost/") as answer:
            await anext(answer.aiter_bytes())
            assert not ended.is_set()
        assert ended.is_set()


async def test_an_answer_that_breaks_off_is_no_short_one() -> None:
    async def breaks(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError

    async def open_app() -> Any:
        return breaks

    async def close() -> None: ...

    async with httpx.AsyncClient(transport=AsyncTransport(open_app, close)) as client:
        with pytest.raises(httpx.ReadError):
            await client.get("http://localhost/")


async def test_recordings_and_models_go_the_same_way() -> None:
    async with upstream() as simulator, groq_core.AsyncGroq(settings=settings(simulator)) as client:
        heard = await client.audio.transcriptions.create(model="whisper-large-v3-turbo", file=("a.wav", wav(tone(1))))
        listed = await client.models.list()

    assert heard.text is not None
    assert listed.data[0].id == "auto"


async def test_the_doors_of_a_server_are_not_this_programs() -> None:
    async with upstream() as simulator:
        chosen = settings(simulator, GROQ_CORE_API_TOKENS="secret", GRADIO_SERVER_NAME="0.0.0.0")
        async with groq_core.AsyncGroq(settings=chosen) as client:
            assert (await client.chat.completions.create(model="auto", messages=HI)).choices


async def test_a_program_without_a_loop_has_the_same() -> None:
    async with upstream() as simulator:

        def work() -> tuple[Any, str]:
            with groq_core.Groq(settings=settings(simulator)) as client:
                answer = client.chat.completions.create(model="auto", messages=HI)
                stream = client.chat.completions.create(model="auto", messages=HI, stream=True)
                text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
                with pytest.raises(groq.BadRequestError):
                    client.chat.completions.create(model="auto", messages=[])
                return answer, text

        answer, text = await asyncio.to_thread(work)

    assert isinstance(answer, ChatCompletion)
    assert "12" in text


async def test_a_client_with_other_options_asks_the_same_chain() -> None:
    async with upstream() as simulator, groq_core.AsyncGroq(settings=settings(simulator)) as client:
        copies = (
            client.with_options(timeout=20),
            client.copy(max_retries=3),
            client.with_options(default_headers={"a": "b"}),
        )
        answers = [await copy.chat.completions.create(model="auto", messages=HI) for copy in (client, *copies)]
        apps = {id(await copy._client.app.open()) for copy in (client, *copies)}  # type: ignore[attr-defined]

    assert [answer.x_groq_core["served_by"]["provider"] for answer in answers] == ["groq"] * 4  # type: ignore[attr-defined]
    assert len(apps) == 1


async def test_a_copy_with_another_key_asks_with_that_one() -> None:
    async with upstream() as simulator, groq_core.AsyncGroq(settings=settings(simulator)) as client:
        other = client.with_options(api_key="invalid")
        answers = [await one.chat.completions.create(model="auto", messages=HI) for one in (other, client)]
        assert client.with_options(api_key="invalid")._client.app is other._client.app  # type: ignore[attr-defined]

    served = [answer.x_groq_core["served_by"]["provider"] for answer in answers]  # type: ignore[attr-defined]
    assert served == ["openai", "groq"]


def test_one_client_serves_one_loop_after_the_other() -> None:
    async def ask(client: groq_core.AsyncGroq) -> str:
        answer = await client.chat.completions.create(model="auto", messages=HI)
        return answer.choices[0].message.content or ""

    client = groq_core.AsyncGroq(settings=Settings.from_env({}))
    assert all("12" in asyncio.run(ask(client)) for _ in range(2))


async def test_what_could_not_be_made_is_made_the_next_time() -> None:
    tried = 0

    async def make(owned: AsyncExitStack) -> int:
        nonlocal tried
        tried += 1
        if tried == 1:
            raise OSError
        return tried

    made = PerLoop(make)
    with pytest.raises(OSError):  # noqa: PT011
        await made.get()
    assert [*await asyncio.gather(made.get(), made.get())] == [2, 2]


async def test_a_timeout_of_the_clients_own_holds() -> None:
    """As with a server that says nothing: the SDK's own error, and the work ends."""
    ended: list[str] = []

    async def silent(scope: Any, receive: Any, send: Any) -> None:
        try:
            if scope["path"] == "/begun":
                await send({"type": "http.response.start", "status": 200, "headers": []})
            await asyncio.Event().wait()
        finally:
            ended.append(scope["path"])

    async def open_app() -> Any:
        return silent

    async def close() -> None: ...

    async with httpx.AsyncClient(transport=AsyncTransport(open_app, close), timeout=0.05) as client:
        for path in ("/mute", "/begun"):
            with pytest.raises(httpx.ReadTimeout):
                await client.get(f"http://localhost{path}")
    assert ended == ["/mute", "/begun"]


def test_importing_the_package_is_light() -> None:
    script = (
        "import sys, groq_core\n"
        "heavy = {'gradio', 'groq', 'openai', 'pydantic', 'numpy', 'fastapi', 'msgspec'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "from groq_core import AsyncGroq, Groq, Settings, assemble\n"
        "assert 'gradio' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", groq_core.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(groq_core, name) is not None
