"""The route that gives the page's sentences a voice: guarded, bounded, and given up when the page hangs up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from io import BytesIO
from pathlib import Path

import httpx
import pytest
import soundfile
from fastapi import FastAPI
from starlette.types import Message

from groq_core.errors import BrokenAnswerError, ChainError, RequestError
from groq_core.reply import Reply
from groq_core.requests import Caller
from groq_core.services.transcription import TranscriptionService
from groq_core.ui import microphone, talk
from groq_core.ui.judgements import Judgement, only_if
from groq_core.ui.page_routes import Page, create_routes
from groq_core.ui.promised import MAX_KNOWN, PromisedByName
from groq_core.ui.static import Assets
from groq_core.ui.talk import unspoken
from tests.api.stage import serving
from tests.stage import Stage, staged

MEDIA = Path(__file__).parents[1] / "data" / "media"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as stage:
        yield stage


@asynccontextmanager
async def page(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    held = Page(stage.core, Assets())
    app.include_router(create_routes(held))
    app.include_router(talk.create_routes(held))
    app.include_router(microphone.create_routes(held))
    async with serving(app) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        client.headers["x-groq-core-page"] = (await client.get("/ui/pass")).json()["pass"]
        yield client


async def test_sentence_becomes_a_recording(stage: Stage) -> None:
    async with page(stage) as client:
        response = await client.post("/ui/speak", json={"text": "It is a quarter past nine."})

    assert response.headers["content-type"] == "audio/wav"
    assert response.headers["cache-control"] == "no-store"
    assert soundfile.info(BytesIO(response.content)).duration > 1
    assert stage.asked("speech") == ["groq:canopylabs/orpheus-v1-english"]


async def test_who_hangs_up_while_sending_has_broken_nothing(stage: Stage) -> None:
    async def receive() -> Message:
        return next(messages)

    async def send(message: Message) -> None:
        answered.append(message)

    messages: Iterator[Message] = iter(
        [{"type": "http.request", "body": b"abcd", "more_body": True}, {"type": "http.disconnect"}]
    )
    answered: list[Message] = []
    held = Page(stage.core, Assets())
    app = FastAPI()
    app.include_router(talk.create_routes(held))
    headers = [(b"x-groq-core-page", held.passes.issue().encode()), (b"host", b"127.0.0.1")]
    scope = {"type": "http", "method": "POST", "path": "/ui/turn", "query_string": b"", "headers": headers}
    await app(scope, receive, send)

    assert answered[0]["status"] == 499


async def test_only_our_own_page_is_spoken_to(stage: Stage) -> None:
    async with page(stage) as client:
        foreign = await client.post("/ui/speak", json={"text": "Hi."}, headers={"sec-fetch-site": "cross-site"})
        forged = await client.post("/ui/speak", json={"text": "Hi."}, headers={"x-groq-core-page": "a.1.b"})

    assert (foreign.status_code, forged.status_code) == (403, 403)
    assert stage.asked("speech") == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"text": "' + b"x" * 201 + b'"}', 422),
        (b'{"text": "' + b"x" * 5000 + b'"}', 413),
        (b'{"text": " "}', 422),
        ('{"text": "🎉 … [cheerful]"}'.encode(), 422),
        (b'{"words": "Hi"}', 422),
        (b"\xff", 422),
        (b"", 422),
    ],
)
async def test_what_cannot_be_spoken_is_refused_in_words(stage: Stage, body: bytes, status: int) -> None:
    async with page(stage) as client:
        response = await client.post("/ui/speak", content=body)

    assert response.status_code == status
    assert len(response.json()["detail"].split()) > 4
    assert stage.asked("speech") == []


async def test_page_is_told_why_there_is_no_voice(stage: Stage) -> None:
    stage.fault("status", preset="400_terms", operation="speech")
    async with page(stage) as client:
        response = await client.post("/ui/speak", json={"text": "Hello there."})

    assert response.status_code == 503
    assert response.json()["kind"] == "terms_required"
    assert "terms" in response.json()["detail"]


async def test_hanging_up_hangs_up_upstream(stage: Stage) -> None:
    stage.fault("never", operation="speech")
    async with page(stage) as client:
        speaking = asyncio.create_task(client.post("/ui/speak", json={"text": "Hello there."}))
        while not stage.simulator.open_streams:  # noqa: ASYNC110 - the simulator offers a number, no event
            await asyncio.sleep(0.002)
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)
        asked = len(stage.asked("speech"))
        async with asyncio.timeout(5):
            while stage.simulator.open_streams:  # noqa: ASYNC110
                await asyncio.sleep(0.002)
        await asyncio.sleep(0.5)  # longer than the first token is waited for: nobody else is asked

    assert len(stage.asked("speech")) == asked


@pytest.mark.parametrize(
    ("error", "status", "retry_after"),
    [
        (ChainError("nobody", retry_after=2.2), 503, "3"),
        (BrokenAnswerError("cut"), 503, None),
        (RequestError("refused", status=429, retry_after=7), 429, "7"),
    ],
)
def test_status_says_whether_to_try_again(error: ChainError, status: int, retry_after: str | None) -> None:
    response = unspoken(error)

    assert response.status_code == status
    assert response.headers.get("retry-after") == retry_after


async def test_page_asks_whether_that_was_the_end(stage: Stage) -> None:
    samples, _ = soundfile.read(MEDIA / "jfk.wav", dtype="int16")
    async with page(stage) as client:
        ready = await client.post("/ui/turn")
        inside = await client.post("/ui/turn", content=samples[: 4 * 16_000 + 4000].tobytes())
        over = await client.post("/ui/turn?quiet=0.3", content=samples[3 * 16_000 :].tobytes())
        half = await client.post("/ui/turn", content=b"\0\0\0")
        long = await client.post("/ui/turn", content=bytes(2 * 16_000 * 9))
        foreign = await client.post("/ui/turn", headers={"sec-fetch-site": "cross-site"})

    assert (half.status_code, long.status_code, foreign.status_code) == (422, 413, 403)
    if ready.status_code == 503:  # there is no wheel for this machine
        assert (inside.status_code, over.status_code) == (503, 503)
        return
    assert ready.status_code == 204
    assert inside.json()["finished"] < 0.5 < 0.8 < over.json()["finished"]


NAME = "a-name-of-twenty-letters"


async def test_a_recording_waits_for_the_judgement_and_nobody_is_asked_where_it_was_no_end(stage: Stage) -> None:
    recording, caller = (MEDIA / "jfk.wav").read_bytes(), Caller(user="page:one")

    def transcribe(judgement: Judgement) -> asyncio.Task[Reply]:
        service = TranscriptionService(stage.core.handle).through(partial(only_if, judgement, 0.925))
        return asyncio.create_task(service.transcribe(recording, "", caller=caller))

    judgements = PromisedByName[float]("gone")
    for chance in (0.909, 0.2, None):
        waiting = transcribe(judgements.begin(caller, NAME))
        judgements.find(caller, NAME).settle(chance)
        with pytest.raises(RequestError):
            await waiting
    assert stage.asked("transcriptions") == []
    judgement = judgements.begin(caller, NAME)
    first, second = transcribe(judgement), transcribe(judgement)
    await asyncio.sleep(0.1)
    assert stage.asked("transcriptions") == []
    first.cancel()  # its page has hung up, and the other waits on
    await asyncio.gather(first, return_exceptions=True)
    judgement.settle(0.925)
    judgement.settle(0.1)
    assert (await second).finished
    assert len(stage.asked("transcriptions")) == 1


def begin_judgements(names: int) -> tuple[PromisedByName[float], Caller]:
    judgements, caller = PromisedByName[float]("gone"), Caller(user="page:one")
    for index in range(names):
        judgements.begin(caller, f"{NAME}-{index}")
    return judgements, caller


async def test_a_judgement_is_found_by_its_visitor_alone_and_only_of_late() -> None:
    judgements, caller = begin_judgements(MAX_KNOWN + 1)
    judgements.begin(caller, "short")
    judgements.find(caller, f"{NAME}-1")

    for whose, name in ((Caller(user="page:two"), f"{NAME}-1"), (caller, f"{NAME}-0"), (caller, "short"), (caller, "")):
        with pytest.raises(RequestError):
            judgements.find(whose, name)


async def test_page_sends_a_recording_ahead_of_its_judgement(stage: Stage) -> None:
    samples, _ = soundfile.read(MEDIA / "jfk.wav", dtype="int16")
    recording = (MEDIA / "jfk.wav").read_bytes()
    async with page(stage) as client:
        known = (await client.post(f"/ui/turn?name={NAME}", content=samples[3 * 16_000 :].tobytes())).status_code == 200
        answers = [
            (await client.post(f"/ui/transcribe?words=false&after={name}&sure={sure}", content=recording)).text
            for name, sure in ((NAME, 0.5), (NAME, 1.01), ("another-name-of-some-length", 0.5))
        ]

    assert ['"e":"finished"' in answer for answer in answers] == [known, False, False]
    assert ['"e":"error"' in answer for answer in answers] == [not known, True, True]
    assert len(stage.asked("transcriptions")) == int(known)


async def test_arabic_is_asked_of_who_speaks_it_and_of_nobody_who_does_not(stage: Stage) -> None:
    async with page(stage) as client:
        spoken = await client.post("/ui/speak", json={"text": "مرحبا", "language": "ar"})
        stage.fault("status", preset="400_terms", operation="speech", model="canopylabs/orpheus-arabic-saudi")
        misread = await client.post("/ui/speak", json={"text": "أهلا", "language": "ar"})

    assert spoken.status_code == 200
    assert stage.asked("speech")[0] == "groq:canopylabs/orpheus-arabic-saudi"
    assert misread.status_code == 503
