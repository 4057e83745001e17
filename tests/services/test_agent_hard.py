"""Whatever a tool, its types, an approver or a server does: what is shown is what runs, and the run goes on."""

from __future__ import annotations

import asyncio
import functools
import json
import math
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import httpx
import pytest
from pydantic import BaseModel, BeforeValidator, Field, SecretStr

from groq_core.errors import ChainError, ExtractionError, GroqCoreError, Kind, RequestError
from groq_core.events import ApprovalAsked, Event, RunEnded, Usage
from groq_core.services.agent import Agent, RunState, tool
from groq_core.services.agent.answer_bounds import MOST_BYTES, bound_answers
from groq_core.services.agent.calling import read_arguments
from groq_core.services.agent.tools import ArgumentsError
from tests.services.agents import run_with
from tests.services.scripted import Answer, Model, calls, fails, says
from tests.speakers import Clock

# ── what is shown is what runs, whatever the types of a tool make of it ──────────────────────────────


class Login(BaseModel):
    user: str
    password: SecretStr
    note: str = Field("", exclude=True)


class Opaque:
    """Writes itself down as something else, and equals nothing."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return "harmless"


async def test_what_a_type_hides_is_shown_as_the_model_wrote_it() -> None:
    ran: list[Any] = []

    @tool(dangerous=True)
    def send(
        login: Login, key: SecretStr, odd: Annotated[Any, BeforeValidator(Opaque)], number: int, left_out: int = 7
    ) -> str:
        """Send."""
        ran.append((login.password.get_secret_value(), login.note, key.get_secret_value(), odd.text, number, left_out))
        return "sent"

    written = {"login": {"user": "a", "password": "pw", "note": "x"}, "key": "k1", "odd": "rm", "number": "3"}
    events, _ = await run_with(send, json.dumps(written), approve=lambda _: True)

    (asked,) = (event for event in events if isinstance(event, ApprovalAsked))
    assert json.loads(asked.arguments) == {**written, "number": 3, "left_out": 7}
    assert ran == [("pw", "x", "k1", "rm", 3, 7)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": 0.12345678901234567890}', "more digits"),
        ('{"a": 9007199254740993.5}', "more digits"),
        ('{"a": 1e-400}', "too small"),
        ('{"a": ' + "[" * 200 + "]" * 200 + "}", "nested"),
    ],
)
def test_what_would_not_run_as_it_is_written_is_refused(text: str, why: str) -> None:
    with pytest.raises(ArgumentsError, match=why):
        read_arguments(text, exact=True)


def test_numbers_that_are_kept_are_read() -> None:
    assert read_arguments('{"a": [0.1, 1e5, -0.0, 0e-999, 12345678901234567890, 3.141592653589793]}', exact=True)


async def test_a_bound_argument_is_neither_offered_nor_shown_nor_changed() -> None:
    def send(text: str, account: str = "none") -> str:
        return f"{text} for {account}"

    bound = tool(functools.partial(functools.partial(send, account="mine")))
    _, (told,) = await run_with(bound, '{"text": "hi"}')
    _, (refused,) = await run_with(bound, '{"text": "hi", "account": "yours"}')

    assert "account" not in json.dumps(bound.parameters)
    assert (told.result, refused.error is None) == ("hi for mine", False)


# ── nothing that is raised ends a run ────────────────────────────────────────────────────────────────


class OddError(BaseException):
    pass


RAISED: list[BaseException] = [
    *(ValueError("x"), asyncio.CancelledError(), SystemExit(3), OddError("b"), StopIteration(), TimeoutError()),
    *(RecursionError(), MemoryError()),
]


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
async def test_whatever_is_raised_is_told_and_the_run_goes_on(error: BaseException) -> None:
    async def awaited() -> str:
        raise error

    def plain() -> str:
        raise error

    async def streamed() -> AsyncIterator[str]:
        yield "a"
        raise error

    @tool(dangerous=True)
    def allowed() -> str:
        raise AssertionError("nobody has agreed")

    async def approve(_: object) -> bool:
        raise error

    def typed(x: Annotated[int, BeforeValidator(lambda _: raise_it(error))]) -> str:
        return str(x)

    for made in (awaited, plain, streamed, allowed):
        _, (told,) = await run_with(made, approve=approve)
        assert told.error is not None
    if isinstance(error, Exception):
        _, (told,) = await run_with(typed, '{"x": 1}')
        assert "wrong arguments" in told.result


def raise_it(error: BaseException) -> Any:
    raise error


async def test_walking_away_from_an_approval_ends_the_run() -> None:
    @tool(dangerous=True)
    def send() -> str:
        raise AssertionError("nobody has agreed")

    asked = asyncio.Event()

    async def approve(_: object) -> bool:
        asked.set()
        await asyncio.sleep(60)
        return True

    running = asyncio.create_task(run_with(send, approve=approve))
    await asked.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_what_is_returned_is_waited_for_to_its_end() -> None:
    async def inner() -> str:
        return "in"

    async def stream() -> AsyncIterator[str]:
        yield "s"
        yield "t"

    class Iterating:
        def __init__(self) -> None:
            self.left = 2

        def __aiter__(self) -> Iterating:
            return self

        async def __anext__(self) -> int:
            if not self.left:
                raise StopAsyncIteration
            self.left -= 1
            return self.left

    class Called:
        async def __call__(self) -> str:
            return "called"

    async def wrapped() -> str:
        return "wrapped"

    functools.update_wrapper(wrapped, Called(), ("__doc__",))

    async def gives(what: str) -> Any:
        makers: dict[str, Callable[[], Any]] = {"inner": inner, "stream": stream, "iterating": Iterating}
        return (makers | {"generator": lambda: iter(["g"])})[what]()

    for what, text in (("inner", "in"), ("stream", "st"), ("iterating", "[1,0]"), ("generator", '["g"]')):
        _, (told,) = await run_with(gives, json.dumps({"what": what}))
        assert told.result == text
    _, (told,) = await run_with(tool(name="w")(wrapped))
    assert told.result == "wrapped"


# ── limits ───────────────────────────────────────────────────────────────────────────────────────────


class Report(BaseModel):
    city: str


@pytest.mark.parametrize(
    ("settings", "asked", "reason"),
    [
        ({"max_steps": 1}, 1, "step_limit"),
        ({"max_steps": 2}, 2, "step_limit"),
        ({"max_usd": 0.025, "price": lambda _, __: 0.006}, 2, "money_limit"),
        ({"max_tokens": 12_000}, 1, "token_limit"),
        ({"max_seconds": 70}, 2, "time_limit"),
        ({}, 4, "answered"),
    ],
    ids=["step", "steps", "money", "tokens", "time", "none"],
)
async def test_asking_again_for_a_type_keeps_the_limits_of_the_run(
    settings: dict[str, Any], asked: int, reason: str
) -> None:
    clock = Clock()

    def never(_: object) -> Answer:
        clock.now += 50 if "max_seconds" in settings else 0
        return says("no report", usage=Usage(prompt_tokens=11_900, total_tokens=11_900))

    model = Model(never)
    run = Agent(model, clock=clock, **settings).run("go", output_type=Report)
    end = [event async for event in run][-1]

    assert isinstance(end, RunEnded)
    assert (len(model.asked), end.steps, end.reason) == (asked, asked, reason)
    assert end.cost_usd == pytest.approx(0.01 * asked)
    with pytest.raises(ExtractionError):
        await Agent(Model(never), clock=Clock(), **settings).run("go", output_type=Report)


async def test_a_type_that_cannot_be_asked_for_again_keeps_what_there_is() -> None:
    events: list[Event] = []
    run = Agent(Model([says("warm"), fails(Kind.SERVER_ERROR)])).run("go", output_type=Report)

    async def listen() -> None:
        events.extend([event async for event in run])

    with pytest.raises(ChainError):
        await listen()
    events += [run.ended] if run.ended is not None else []

    end = events[-1]
    assert isinstance(end, RunEnded)
    assert (end.reason, end.answer, end.steps) == ("broken", "warm", 2)


@pytest.mark.parametrize("amount", [math.nan, 0, -1, math.inf, "5", True])
def test_no_bound_is_one_that_bounds_nothing(amount: Any) -> None:
    makers: list[Callable[[], object]] = [
        lambda: Agent(Model([]), approval_seconds=amount),
        lambda: Agent(Model([]), params={"max_completion_tokens": amount}),
    ]
    for make in makers:
        with pytest.raises(RequestError, match="no limit"):
            make()
    for name in ("timeout", "max_result"):
        if amount is True:
            continue
        with pytest.raises((ValueError, TypeError)):
            tool(name="t", **{name: amount})(lambda: "x")


# ── a paused run ─────────────────────────────────────────────────────────────────────────────────────


async def test_half_a_surrogate_pair_is_kept_in_a_paused_run() -> None:
    ran: list[str] = []

    @tool(dangerous=True)
    def send(text: str) -> str:
        ran.append(text)
        return text

    agent = Agent(Model([calls(("c", "send", '{"text": "hi\\ud83d"}'))]), [send], pause=True)
    end = [event async for event in agent.run("go \ud800")][-1]
    assert isinstance(end, RunEnded)
    state = RunState.decode(end.state.encode())
    (waiting,) = state.pending

    resumed = Agent(Model([says("done")] * 2), [send], pause=True)
    assert await resumed.resume(state, {waiting.approval: True}) == "done"
    assert ran == ["hi\ud83d"]
    with pytest.raises(RequestError, match="no call waits"):
        resumed.resume(state, {waiting.approval: True})
    assert len(ran) == 1, "one approval, one call"


def test_what_is_no_state_is_refused() -> None:
    for data in (b"", b"{", b'{"step": "x"}', b"[]", b"\xff"):
        with pytest.raises(GroqCoreError, match="cannot be read"):
            RunState.decode(data)


# ── what a server answers is bounded as it comes in ──────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("headers", "size", "why"),
    [({}, MOST_BYTES + 1, "more than 8 MB"), ({"content-encoding": "gzip"}, 10, "compressed"), ({}, MOST_BYTES, None)],
)
async def test_an_answer_that_is_too_large_is_broken_off(headers: dict[str, str], size: int, why: str | None) -> None:
    refused: list[tuple[int | None, str]] = []

    async def body() -> AsyncIterator[bytes]:
        for start in range(0, size, 2**20):
            yield b"x" * min(2**20, size - start)

    def respond(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=headers, content=body())

    hook = bound_answers(lambda number, told: refused.append((number, told)), plain=True)
    async with httpx.AsyncClient(transport=httpx.MockTransport(respond), event_hooks={"response": [hook]}) as client:
        if why is None:
            assert len((await client.post("http://mcp.test/", json={"id": 7})).content) == size
            return
        with pytest.raises(httpx.ReadError):
            await client.post("http://mcp.test/", json={"id": 7})
    ((number, told),) = refused
    assert number == 7
    assert why in told
