"""Questions that wait for their words on the server, and sentences that are spoken before the page asks for them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from groq_core.errors import ChainError, Kind, ProviderError
from groq_core.events import AudioDelta, Events, Finished, Restarted, TextDelta, Transcript
from groq_core.reply import Reply
from groq_core.requests import Caller, ChatRequest, Request, SpeechRequest, TranscriptionRequest
from groq_core.ui import microphone, talk
from groq_core.ui.asked_ahead import OPEN
from groq_core.ui.page_routes import ChatRoute, Page, create_routes
from groq_core.ui.spoken_ahead import SpokenAhead, first_sentence
from groq_core.ui.static import Assets
from groq_core.ui.texts import TEXTS
from tests.api.stage import serving
from tests.requires import find, needs
from tests.stage import staged

ROOT = Path(__file__).parents[2]
RECORDING = (ROOT / "tests/data/media/jfk.wav").read_bytes()
WORDS = "words-of-twenty-letters"
ANSWER = "answer-of-twenty-letters"
SENTENCE = "This is the whole of it."


@dataclass
class Upstream:
    """
    Who is asked: writes down whom, and tells what it is given.

    Attributes:
        written: Set when the words are to be told.
        text: The words; None where nobody can tell them.
        answer: What is told of the answer, after which it waits until it is closed unless it is whole.
    """

    written: asyncio.Event = field(default_factory=asyncio.Event)
    text: str | None = "What is it?"
    language: str = "english"
    answer: tuple[str, ...] = (SENTENCE, " And more.")
    restarts: bool = False
    whole: bool = True
    speaks: bool = True
    voice_hangs: bool = False
    asked: list[Request] = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    hushed: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: Request) -> Events:
        self.asked.append(request)
        if isinstance(request, TranscriptionRequest):
            await self.written.wait()
            if self.text is None:
                raise ChainError("nobody", failures=[ProviderError(Kind.SERVER_ERROR, "broken")])
            yield Finished(transcript=Transcript(text=f" {self.text}", language=self.language, duration=2))
        elif isinstance(request, ChatRequest):
            for text in self.answer:
                yield TextDelta(text)
            try:
                if self.restarts:
                    yield Restarted(provider="groq", model="other", kept="")
                if not self.whole:
                    await asyncio.Event().wait()
                yield Finished(provider="groq", model="quick")
            finally:
                self.closed.set()
        elif isinstance(request, SpeechRequest) and not self.speaks:
            raise ChainError("busy", retry_after=50)
        elif self.voice_hangs:
            try:
                await asyncio.Event().wait()
            finally:
                self.hushed.set()
        else:
            yield AudioDelta(b"RIFF")
            yield Finished(provider="groq", model="voice")

    @property
    def questions(self) -> list[list[dict[str, Any]]]:
        return [[*asked.messages] for asked in self.asked if isinstance(asked, ChatRequest)]

    @property
    def sentences(self) -> list[str]:
        return [asked.text for asked in self.asked if isinstance(asked, SpeechRequest)]

    async def until(self, known: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not known():  # noqa: ASYNC110 - a list, no event
                await asyncio.sleep(0.002)


@asynccontextmanager
async def page(upstream: Upstream) -> AsyncIterator[httpx.AsyncClient]:
    async with staged() as stage:
        core = replace(
            stage.core,
            handle=upstream.handle,
        )
        app, held = FastAPI(), Page(core, Assets())
        for routes in (create_routes, talk.create_routes, microphone.create_routes):
            app.include_router(routes(held))
        app.add_middleware(ChatRoute, page=held)
        async with serving(app) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            client.headers["x-groq-core-page"] = (await client.get("/ui/pass")).json()["pass"]
            yield client
        await held.close()


def question(text: str) -> bytes:
    turns = [{"role": "user", "text": "Hi."}, {"role": "assistant", "text": "Yes?"}, {"role": "user", "text": text}]
    return json.dumps({"turns": turns, "fresh": True}).encode()


def send_ahead(client: httpx.AsyncClient, *, likely: bool = True, words: str = WORDS) -> asyncio.Task[httpx.Response]:
    where = f"/ui/chat?words={words}&likely={str(likely).lower()}"
    return asyncio.create_task(client.post(where, content=question(""), headers={"x-groq-core-answer": ANSWER}))


def ask(client: httpx.AsyncClient, text: str = "What is it?") -> asyncio.Task[httpx.Response]:
    asking = client.post("/ui/chat", content=question(text), headers={"x-groq-core-answer": ANSWER})
    return asyncio.create_task(asking)


@asynccontextmanager
async def recording_with(upstream: Upstream) -> AsyncIterator[tuple[httpx.AsyncClient, asyncio.Task[httpx.Response]]]:
    """A page whose recording is with who writes it down."""
    async with page(upstream) as client:
        words = asyncio.create_task(client.post(f"/ui/transcribe?words=false&called={WORDS}", content=RECORDING))
        await upstream.until(lambda: upstream.asked)
        yield client, words
        upstream.written.set()
        await words


async def test_a_question_is_asked_when_its_words_are_known_and_its_page_finds_the_answer() -> None:
    upstream = Upstream()
    async with recording_with(upstream) as (client, words):
        ahead = send_ahead(client)
        await asyncio.sleep(0.1)
        assert upstream.questions == []
        upstream.written.set()
        assert (await ahead).status_code == 204
        assert "What is it?" in (await words).text
        answer = (await ask(client)).text

    assert SENTENCE in answer
    assert [question[-1]["content"] for question in upstream.questions] == ["What is it?"]
    assert len(upstream.questions[0]) == 3, "with all that was said before"


async def test_who_asks_while_the_question_still_waits_is_given_the_same_answer() -> None:
    upstream = Upstream()
    async with recording_with(upstream) as (client, _):
        ahead = send_ahead(client)
        await asyncio.sleep(0.1)
        asking = ask(client)
        await asyncio.sleep(0.1)
        upstream.written.set()

        assert (await ahead).status_code == 204
        assert SENTENCE in (await asking).text
    assert len(upstream.questions) == 1


@pytest.mark.parametrize(
    ("text", "likely", "status"),
    [
        ("I would like to know if", True, 409),
        ("I would like to know if", False, 204),
        ("Tell me.", True, 204),
        ("", False, 409),
        (None, False, 409),
    ],
)
async def test_nobody_is_asked_without_words_nor_by_words_that_go_on(
    text: str | None, likely: bool, status: int
) -> None:
    upstream = Upstream(text=text)
    async with recording_with(upstream) as (client, _):
        ahead = send_ahead(client, likely=likely)
        await asyncio.sleep(0.05)
        upstream.written.set()

        assert (await ahead).status_code == status
        assert len(upstream.questions) == int(status == 204)
        if status == 409:
            assert SENTENCE in (await ask(client, "Asked as always.")).text


async def test_a_question_may_come_a_moment_before_the_recording_of_its_words() -> None:
    upstream = Upstream()
    upstream.written.set()
    async with page(upstream) as client:
        ahead = send_ahead(client)
        await asyncio.sleep(0.05)
        await client.post(f"/ui/transcribe?words=false&called={WORDS}", content=RECORDING)

        assert (await ahead).status_code == 204
    assert len(upstream.questions) == 1


async def test_words_that_another_process_writes_down_are_not_waited_for() -> None:
    upstream = Upstream()
    async with recording_with(upstream) as (client, _):
        assert (await send_ahead(client, words="of-another-process-or-none")).status_code == 409
        client.headers["x-groq-core-page"] = (await client.get("/ui/pass", headers={"x-groq-core-page": ""})).json()[
            "pass"
        ]
        assert (await send_ahead(client)).status_code == 409, "and nobody else's are found"
    assert upstream.questions == []


async def test_who_hangs_up_before_the_words_are_known_has_asked_nobody() -> None:
    upstream = Upstream()
    async with recording_with(upstream) as (client, words):
        ahead = send_ahead(client)
        await asyncio.sleep(0.1)
        ahead.cancel()
        await asyncio.gather(ahead, return_exceptions=True)
        await asyncio.sleep(0.1)
        upstream.written.set()
        await words
        await asyncio.sleep(0.05)

    assert upstream.questions == []


async def test_a_question_that_was_sent_ahead_can_be_stopped() -> None:
    upstream = Upstream(whole=False)
    async with recording_with(upstream) as (client, _):
        ahead = send_ahead(client)
        await asyncio.sleep(0.05)
        upstream.written.set()
        await ahead
        await client.post(f"/ui/answers/{ANSWER}/stop")
        await asyncio.wait_for(upstream.closed.wait(), 10)


async def ask_ahead_and_tell(client: httpx.AsyncClient, upstream: Upstream) -> None:
    ahead = send_ahead(client)
    await asyncio.sleep(0.05)
    upstream.written.set()
    await ahead


async def test_the_first_sentence_is_spoken_once_before_the_page_asks_for_it() -> None:
    upstream = Upstream()
    async with recording_with(upstream) as (client, _):
        await ask_ahead_and_tell(client, upstream)
        await upstream.until(lambda: upstream.sentences)
        first = await client.post("/ui/speak", json={"text": SENTENCE})
        assert (first.status_code, first.content) == (200, b"RIFF")
        assert upstream.sentences == [SENTENCE]
        await client.post("/ui/speak", json={"text": SENTENCE})
        assert upstream.sentences == [SENTENCE] * 2, "what is asked for again is spoken again"


async def test_why_there_is_no_voice_is_told_as_if_it_had_not_been_asked_for_before() -> None:
    upstream = Upstream(speaks=False)
    async with recording_with(upstream) as (client, _):
        await ask_ahead_and_tell(client, upstream)
        await upstream.until(lambda: upstream.sentences)
        refused = await client.post("/ui/speak", json={"text": SENTENCE})

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "50")
    assert upstream.sentences == [SENTENCE]


@pytest.mark.parametrize(
    "upstream",
    [
        Upstream(language="german"),
        Upstream(answer=("**This** is it. ", "And more.")),
        Upstream(answer=("Das ist nicht der Weg. ",)),
    ],
    ids=["asked in another language", "with marks", "answered in another language"],
)
async def test_what_the_page_may_read_otherwise_is_not_spoken_before_it_says_so(upstream: Upstream) -> None:
    async with recording_with(upstream) as (client, _):
        await ask_ahead_and_tell(client, upstream)
        await asyncio.wait_for(upstream.closed.wait(), 10)
        await asyncio.sleep(0.05)

    assert upstream.sentences == []


@pytest.mark.parametrize("how", ["stopped", "begun anew"])
async def test_what_a_page_asks_for_as_its_answer_ends_is_not_paid_for_twice(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("groq_core.ui.spoken_ahead.PARTING_S", 30.0)
    upstream = Upstream(whole=how != "stopped", restarts=how == "begun anew")
    async with recording_with(upstream) as (client, _):
        await ask_ahead_and_tell(client, upstream)
        await upstream.until(lambda: upstream.sentences)
        if how == "stopped":
            await client.post(f"/ui/answers/{ANSWER}/stop")
        await asyncio.wait_for(upstream.closed.wait(), 10)
        spoken = await client.post("/ui/speak", json={"text": SENTENCE})

    assert (spoken.status_code, spoken.content) == (200, b"RIFF")
    assert upstream.sentences == [SENTENCE]


async def test_what_nobody_asks_for_after_a_stop_is_given_up() -> None:
    upstream = Upstream(whole=False, voice_hangs=True)
    async with recording_with(upstream) as (client, _):
        await ask_ahead_and_tell(client, upstream)
        await upstream.until(lambda: upstream.sentences)
        await client.post(f"/ui/answers/{ANSWER}/stop")
        await asyncio.wait_for(upstream.hushed.wait(), 10)


async def test_a_sentence_said_again_before_it_is_given_up_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("groq_core.ui.spoken_ahead.PARTING_S", 0.1)
    given_up: list[str] = []

    async def speak() -> Reply:
        try:
            await asyncio.Event().wait()
        finally:
            given_up.append(SENTENCE)
        return Reply()

    spoken, caller = SpokenAhead(), Caller()
    spoken.begin(caller, SENTENCE, speak())
    await asyncio.sleep(0)
    spoken.drop(caller, SENTENCE)
    spoken.begin(caller, SENTENCE, speak())
    await asyncio.sleep(0.2)

    task = spoken.take(caller, SENTENCE)
    assert task is not None
    assert given_up == []
    task.cancel()
    assert spoken.take(caller, SENTENCE) is None


def test_the_page_and_the_server_know_the_same_words_that_go_on() -> None:
    script = (ROOT / "assets/js/talk/heard.js").read_text()
    (pattern,) = re.findall(r"const OPEN =\s*/(.*)/iu;", script)

    assert pattern == OPEN


BEGINNINGS = (
    "The sky is blue. It is", "The sky is blue.", "Paris.", "Paris is the capital", "No. It is not.",
    "It is at 5 p.m. today.", "Ask Dr. Who. He is the one.", "What is it? Well", "That's it!\nAnd", "That is  it. And",
    "See www.example.org. It is", "This (and that) is it. So", "I ask e.g. you. And", "This is *bold*. And",
    "The end… And", "It is 3.5 metres. And", "Das ist nicht der Weg. Und", "Het is niet dat. En",
    "Die was in the end. So", "1. This is it. And", "- That is it. And", "    This is code. And",
    "\n\nThis is it. And", "This is it.\n---\nAnd", "This is it. | and |", "I'm sure that it is so. And",
    "This is the price: $5. And", 'The answer, as you know, is "42". And', "Is it? Yes. And", "This is it.<b> And",
    "This is it.[1] And", "You can: it is so. And", "A" * 220 + " is it. And", "This is it!! And", "This is it.) And",
)  # fmt: skip

READ = """
import { Sentences } from "./assets/js/talk/sentences.js";
import { languageOf } from "./assets/js/talk/tongue.js";
function first(text) {
  const all = [];
  new Sentences((sentence) => all.push(sentence)).hear(text, true);
  return all[0] ?? "";
}
console.log(JSON.stringify(JSON.parse(process.argv[1]).map(first).map((one) => [one, languageOf(one, "en")])));
"""


@needs("node", "node_modules")
def test_what_is_spoken_ahead_is_what_the_page_reads_first(tmp_path: Path) -> None:
    texts = tmp_path / "texts.json"
    texts.write_text(json.dumps(TEXTS), encoding="utf-8")
    node = find("node")
    assert node
    whole = [f"{text} so." for text in BEGINNINGS] + [*BEGINNINGS]
    command = [node, "--import", "./tests/js/page.js", "--input-type=module", "-e", READ, "--", json.dumps(whole)]
    env = os.environ | {"PAGE_TEXTS": str(texts)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    read = dict(zip(whole, map(tuple, json.loads(done.stdout)), strict=True))

    spoken = 0
    for text in whole:
        for end in range(1, len(text) + 1):
            found = first_sentence(text[:end], whole=end == len(text))
            if found:
                assert (found, "en") == read[text]
                spoken += 1
            if found is not None:
                break
    assert spoken > len(BEGINNINGS) // 2
