"""Answers that outlive their readers: found again from any line, by their own visitor only, and bound in every way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.types import Message

from groq_core.events import Event, Events, TextDelta
from groq_core.requests import Caller, ChatRequest
from groq_core.requests import Request as Asked
from groq_core.ui import answer_logs as module
from groq_core.ui.answer_logs import Answers, AnswerStream, LoggedAnswer
from groq_core.ui.chat_request import PageQuestion, PageTurn, read_question
from groq_core.ui.context import fit, new_part
from groq_core.ui.stream import Pace
from tests.ui.conftest import House
from tests.ui.scripts import BEGUN, DONE, Hung, plays

NAME = "answer-0123456789abcdef"
VISITOR = "visitor-0123456789abcdef"
QUESTION = {"turns": [{"role": "user", "text": "hello"}]}
WAIT_S = 10


@pytest.fixture
async def client(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=house.url, timeout=WAIT_S) as client:
        page = (await client.get("/ui/pass")).json()["pass"]
        client.headers.update({"x-groq-core-page": page, "x-groq-core-visitor": VISITOR})
        yield client


def events_in(body: str) -> list[dict[str, Any]]:
    return [json.loads(part[6:]) for part in body.split("\n\n") if part.startswith("data: ")]


def text_in(body: str) -> str:
    return "".join(event.get("t", "") for event in events_in(body))


_names = iter(f"answer-{number:020d}" for number in range(1000))


def new_name() -> dict[str, str]:
    return {"x-groq-core-answer": next(_names)}


async def begin(client: httpx.AsyncClient, name: dict[str, str], until: str) -> int:
    """Ask, read until these words are there, and hang up; gives how many lines were read."""
    seen = ""
    async with client.stream("POST", "/ui/chat", json=QUESTION, headers=name) as response:
        async for part in response.aiter_text():
            seen += part
            if until in seen:
                break
    return len([event for event in events_in(seen[: seen.rindex("\n\n") + 2]) if event.get("e") != "open"])


async def test_an_answer_whose_reader_left_is_followed_from_any_line(house: House, client: httpx.AsyncClient) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("The beginning, "), more.wait, TextDelta("and the end."), DONE)
    name = new_name()
    heard = await begin(client, name, "beginning")
    more.set()

    path = f"/ui/answers/{name['x-groq-core-answer']}"
    whole = await client.get(path)
    rest = await client.get(path, params={"at": heard})

    assert text_in(whole.text) == "The beginning, and the end."
    assert text_in(rest.text) == "and the end."
    lines = [event for event in events_in(whole.text) if event.get("e") != "open"]
    for at in range(len(lines) + 2):
        part = await client.get(path, params={"at": at})
        assert [event for event in events_in(part.text) if event.get("e") != "open"] == lines[at:]
    assert len(house.asked) == 1


async def test_a_look_ends_with_the_next_lines_and_the_answer_goes_on(house: House, client: httpx.AsyncClient) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("The beginning, "), more.wait, TextDelta("and the end."), DONE)
    name = new_name()
    heard = await begin(client, name, "beginning")

    path = f"/ui/answers/{name['x-groq-core-answer']}"
    first = await client.get(path, params={"at": 0, "wait": 5})
    nothing = await client.get(path, params={"at": heard, "wait": 0.05})
    waiting = asyncio.ensure_future(client.get(path, params={"at": heard, "wait": 9}))
    await asyncio.sleep(0.1)
    more.set()
    rest = await waiting

    assert text_in(first.text) == "The beginning, "
    assert [event.get("e") for event in events_in(nothing.text)] == ["open"]
    assert "and the end.".startswith(text_in(rest.text))
    whole = await client.get(path, params={"at": 0})
    assert text_in(whole.text) == "The beginning, and the end."
    assert whole.headers["x-groq-core-kept"]  # the page may hang up and come back
    assert len(house.asked) == 1


async def test_asking_again_under_the_same_name_asks_once(house: House, client: httpx.AsyncClient) -> None:
    house.script = plays(BEGUN, TextDelta("once"), DONE)
    name = new_name()

    first = await client.post("/ui/chat", json=QUESTION, headers=name)
    second = await client.post("/ui/chat", json=QUESTION, headers=name)

    assert text_in(first.text) == text_in(second.text) == "once"
    assert len(house.asked) == 1


async def test_an_answer_nobody_knows_is_begun_anew_behind_the_lines_that_its_page_has(
    house: House, client: httpx.AsyncClient
) -> None:
    house.script = plays(BEGUN, TextDelta("anew"), DONE)
    name = new_name()
    path = f"/ui/answers/{name['x-groq-core-answer']}"
    anew = events_in((await client.post("/ui/chat", params={"at": 7}, json=QUESTION, headers=name)).text)
    whole = events_in((await client.get(path)).text)
    rest = events_in((await client.get(path, params={"at": 7})).text)

    assert [event.get("e") for event in anew[:2]] == ["open", "restarted"]
    assert [event.get("e") for event in whole[:8]] == ["open", *["gap"] * 7]
    assert whole[8:] == anew[1:] == rest[1:]
    assert (await client.post("/ui/chat", params={"at": 10**6}, json=QUESTION, headers=new_name())).status_code == 400


@pytest.mark.parametrize("stranger", ["", "visitor-somebody-else-000000"])
async def test_another_visitor_finds_nothing(house: House, client: httpx.AsyncClient, stranger: str) -> None:
    house.script = plays(BEGUN, TextDelta("a secret"), DONE)
    name = new_name()
    await client.post("/ui/chat", json=QUESTION, headers=name)
    path = f"/ui/answers/{name['x-groq-core-answer']}"
    theirs = {"x-groq-core-visitor": stranger}

    assert (await client.get(path, headers=theirs)).status_code == 404
    assert (await client.post(f"{path}/stop", headers=theirs)).status_code == 404
    assert (await client.get(path, headers={"x-groq-core-page": "forged"})).status_code == 403
    # The same name asked for by somebody else is answered anew, and takes nothing over.
    house.script = plays(BEGUN, TextDelta("theirs"), DONE)
    assert text_in((await client.post("/ui/chat", json=QUESTION, headers=name | theirs)).text) == "theirs"
    assert text_in((await client.get(path)).text) == "a secret"


async def test_stop_hangs_up_upstream_and_gives_a_receipt(house: House, client: httpx.AsyncClient) -> None:
    house.script = hung = Hung("The beginning")
    name = new_name()
    await begin(client, name, "beginning")
    path = f"/ui/answers/{name['x-groq-core-answer']}"

    stopped = events_in((await client.post(f"{path}/stop")).text)

    async with asyncio.timeout(WAIT_S):
        await hung.closed.wait()
    assert [event["e"] for event in stopped] == ["receipt"]
    assert stopped[0]["attempts"][0]["outcome"] == "cancelled"
    ends = [event.get("e") for event in events_in((await client.get(path)).text)]
    assert ends[-2:] == ["stopped", "receipt"]
    again = await client.post(f"{path}/stop")
    assert events_in(again.text) == stopped


async def test_without_a_name_who_hangs_up_ends_the_answer(house: House, client: httpx.AsyncClient) -> None:
    house.script = hung = Hung("The beginning")
    await begin(client, {"x-groq-core-answer": "short"}, "beginning")

    async with asyncio.timeout(WAIT_S):
        await hung.closed.wait()


# ── the log by itself ──


class Endless:
    """Says a word whenever it may; knows when it was closed."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()
        self.turn = asyncio.Event()

    async def events(self) -> Events:
        try:
            yield BEGUN
            yield TextDelta("word ")
            await self.turn.wait()
            yield TextDelta("more")
            yield DONE
        finally:
            self.closed.set()


async def read(answer: LoggedAnswer, at: int = 0) -> str:
    parts: list[bytes] = []
    await answer.follow(at, lambda body, more: parts.append(body))
    return b"".join(parts).decode()


async def test_an_answer_is_abandoned_when_nobody_comes_back() -> None:
    endless = Endless()
    answers = Answers(Pace(), linger_s=0.05)
    answer = answers.start(NAME, "me", endless.events())

    async with asyncio.timeout(WAIT_S):
        await endless.closed.wait()
        ends = [event.get("e") for event in events_in(await read(answer))]
    assert ends[-2:] == ["stopped", "receipt"]


async def test_an_answer_goes_on_while_somebody_reads() -> None:
    endless = Endless()
    answer = Answers(Pace(), linger_s=0.05).start(NAME, "me", endless.events())
    reading = asyncio.create_task(read(answer))
    await asyncio.sleep(0.3)  # six times as long as it would go on alone
    assert not endless.closed.is_set()

    endless.turn.set()
    async with asyncio.timeout(WAIT_S):
        assert text_in(await reading) == "word more"


async def test_an_answer_goes_on_for_who_looks_now_and_then() -> None:
    endless = Endless()
    answer = Answers(Pace(), linger_s=0.05).start(NAME, "me", endless.events())

    async def swallow(message: Message) -> None:
        pass

    async def stay() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    await AnswerStream(answer, wait_s=0.01)({"type": "http"}, stay, swallow)
    await asyncio.sleep(0.3)  # six times as long as it would go on for who read a stream
    assert not endless.closed.is_set()
    await answer.stop()


async def test_two_readers_get_the_same_lines() -> None:
    endless = Endless()
    answer = Answers(Pace()).start(NAME, "me", endless.events())
    reading = [asyncio.create_task(read(answer)) for _ in range(2)]
    await asyncio.sleep(0.05)
    endless.turn.set()

    async with asyncio.timeout(WAIT_S):
        one, other = await asyncio.gather(*reading)
    assert one == other
    assert text_in(one) == "word more"


async def test_a_silent_answer_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEARTBEAT_S", 0.02)
    endless = Endless()
    answer = Answers(Pace()).start(NAME, "me", endless.events())
    reading = asyncio.create_task(read(answer))
    await asyncio.sleep(0.2)
    endless.turn.set()

    async with asyncio.timeout(WAIT_S):
        told = await reading
    assert ": still here\n\n" in told
    assert text_in(told) == "word more"


async def test_finished_answers_are_forgotten_in_time() -> None:
    answers = Answers(Pace(), kept_s=0)
    await read(answers.start(NAME, "me", plays(DONE)(ask())))
    await asyncio.sleep(0.01)

    assert answers.find(NAME, "me") is None


async def test_what_is_kept_is_bound_in_number_and_in_bytes() -> None:
    answers = Answers(Pace(), max_answers=2, max_bytes=3000)
    for number in range(5):
        name = f"answer-{number}"
        assert answers.has_room(name, "me")
        await read(answers.start(name, "me", plays(TextDelta("x" * 1000), DONE)(ask())))
    assert [answers.find(f"answer-{number}", "me") is not None for number in range(5)][:3] == [False] * 3

    for number in range(2):
        answers.start(f"running-{number}", "me", Endless().events())
        await asyncio.sleep(0)
        answers.has_room("next", "me")
    assert not answers.has_room("next", "me")
    await answers.close()


async def test_one_visitor_cannot_take_all_the_room() -> None:
    answers = Answers(Pace())
    for number in range(module.MAX_RUNNING_EACH):
        answers.start(f"answer-{number}", "greedy", Endless().events())

    assert not answers.has_room("one-more", "greedy")
    assert answers.has_room("one-more", "somebody else")
    await answers.close()


async def test_an_answer_too_long_to_keep_ends_with_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ANSWER_BYTES", 10_000)

    async def flood() -> AsyncIterator[Event]:
        yield BEGUN
        while True:
            yield TextDelta("x" * 1000)
            await asyncio.sleep(0)

    async with asyncio.timeout(WAIT_S):
        told = events_in(await read(Answers(Pace()).start(NAME, "me", flood())))  # type: ignore[arg-type]
    assert [event.get("e") for event in told][-2:] == ["error", "receipt"]


# ── as much as fits, and what goes on ──


def ask() -> Asked:
    return ChatRequest(messages=({"role": "user", "content": "hello"},), caller=Caller())


@pytest.mark.parametrize("window", [0, 2048, 8192, 32_768, 131_072])
@pytest.mark.parametrize("turns", [1, 2, 51, 400])
def test_the_newest_turns_are_kept_until_the_window_is_full(window: int, turns: int) -> None:
    talk = tuple(
        PageTurn(role="user" if index % 2 == 0 else "assistant", text=f"{index} " + "x" * 2000)
        for index in range(turns)
    )
    question = PageQuestion(turns=(PageTurn(role="system", text="Be short."), *talk))

    fitted, left_out = fit(question, window)

    assert fitted.turns[0].role == "system"
    assert fitted.turns[1:] == talk[left_out:]
    assert left_out < turns
    if window == 0:
        assert left_out == 0
    elif left_out < turns - 1:
        assert sum(len(turn.text) for turn in fitted.turns) / 4 <= window


@pytest.mark.parametrize(
    ("said", "pieces", "new"),
    [
        pytest.param("The answer is", [" forty", "-two."], " forty-two.", id="goes on"),
        pytest.param("The answer is forty", ["answer is forty-two."], "-two.", id="repeats the last words"),
        pytest.param("The answer is forty", ["The answer ", "is forty", "-two."], "-two.", id="begins anew"),
        pytest.param(
            "The answer is forty",
            ["The answer is forty-two, that is" + " more" * 20],
            "-two, that is" + " more" * 20,
            id="whole",
        ),
    ],
)
async def test_an_answer_that_goes_on_brings_only_what_is_new(said: str, pieces: list[str], new: str) -> None:
    async def events() -> AsyncIterator[Event]:
        for piece in pieces:
            yield TextDelta(piece)
        yield DONE

    got = [event async for event in new_part(events(), said)]  # type: ignore[arg-type]

    assert "".join(event.text for event in got if isinstance(event, TextDelta)) == new
    assert got[-1] == DONE


async def test_left_out_messages_are_told_before_the_answer_and_in_its_receipt(
    house: House, client: httpx.AsyncClient
) -> None:
    house.script = plays(BEGUN, TextDelta("short"), DONE)
    turns = [{"role": "user" if index % 2 == 0 else "assistant", "text": "x" * 40_000} for index in range(41)]

    told = events_in((await client.post("/ui/chat", json={"turns": turns})).text)

    notes = [event for event in told if event.get("e") == "note"]
    assert [note["code"] for note in notes] == ["conversation_trimmed"]
    assert notes[0]["text"].endswith("older messages were not sent")
    assert told[-1]["notes"] == [notes[0]["text"]]
    sent = house.asked[-1]
    assert isinstance(sent, ChatRequest)
    assert len(sent.messages) + int(notes[0]["text"].split()[0]) == 41


async def test_an_answer_can_be_asked_to_go_on(house: House, client: httpx.AsyncClient) -> None:
    house.script = plays(BEGUN, TextDelta(" and its end."), DONE)
    turns = [{"role": "user", "text": "go"}, {"role": "assistant", "text": "The beginning"}]

    told = (await client.post("/ui/chat", json={"turns": turns, "continues": True})).text

    assert text_in(told) == " and its end."
    sent = house.asked[-1]
    assert isinstance(sent, ChatRequest)
    assert [message["role"] for message in sent.messages] == ["user", "assistant", "user"]
    assert read_question(json.dumps({"turns": turns, "continues": True}).encode()).continues
