"""Whatever bounds a run is given, several at once and in any proportion, it keeps them all, and says which ended it."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from groq_core.events import (
    AttemptFailed,
    AttemptStarted,
    Finished,
    Kind,
    Note,
    RunEnded,
    StepStarted,
    TextDelta,
    ToolCallDelta,
    ToolStarted,
    Usage,
)
from groq_core.requests import ChatRequest, estimate_tokens
from groq_core.services.agent import Agent, RunState, tool
from groq_core.services.agent.outlooks import ANSWER_TOKENS, Priced, look_ahead
from tests.services.agents import add, delete, listen
from tests.services.scripted import Answer, Model, calls, says
from tests.speakers import Clock

PROMPT_USD, ANSWER_USD = 0.5e-6, 4e-6


def price(prompt: int, answer: int) -> float:
    return prompt * PROMPT_USD + answer * ANSWER_USD


class Glutton:
    """
    A model that writes as much as it may, and calls tools as long as it can.

    Args:
        counts: For each step whether its usage is told.
        cut: What it says is cut off at the number of tokens it may write.
    """

    def __init__(self, counts: list[bool], clock: Clock, seconds: float, *, cut: bool = False) -> None:
        self._counts = iter(counts)
        self._end = "length" if cut else "stop"
        self._clock, self._seconds = clock, seconds
        self.tokens, self.usd = 0, 0.0

    def __call__(self, request: ChatRequest) -> Answer:
        self._clock.now += self._seconds
        prompt = estimate_tokens(request.messages) + estimate_tokens(request.params.get("tools"))
        most = request.params["max_completion_tokens"]
        self.tokens += prompt + most
        self.usd += price(prompt, most)
        usage = Usage(prompt_tokens=prompt, completion_tokens=most, total_tokens=prompt + most)
        told: dict[str, Any] = (
            {"usage": usage, "cost_usd": price(prompt, most)}
            if next(self._counts, True)
            else {"usage": None, "cost_usd": None}
        )
        words = "word" * most
        if request.params.get("tool_choice") == "auto":
            call = ToolCallDelta(0, f"c{self.tokens}", "note", '{"text": "a"}')
            end = Finished(provider="groq", model="m", finish_reason="tool_calls", **told)
            return [TextDelta(words), call, end]
        return says(words, finish_reason=self._end, **told)


@given(
    steps=st.integers(1, 6),
    seconds=st.sampled_from([0.001, 1, 30, 600]),
    usd=st.none() | st.floats(1e-7, 0.2),
    tokens=st.none() | st.integers(1, 60_000),
    most=st.sampled_from([1, 50, 500, 4096]),
    counts=st.lists(st.booleans(), max_size=6),
    pace=st.sampled_from([0.0, 0.5, 20.0]),
    result=st.sampled_from([1, 2_000, 60_000]),
    cut=st.booleans(),
)
@example(steps=1, seconds=600, usd=0.002, tokens=1, most=50, counts=[], pace=0.0, result=1, cut=False)
@example(steps=6, seconds=600, usd=0.125, tokens=None, most=4096, counts=[False], pace=0.0, result=1, cut=False)
@example(steps=6, seconds=600, usd=None, tokens=20_000, most=4096, counts=[False] * 6, pace=0.0, result=1, cut=True)
@example(steps=6, seconds=600, usd=0.01, tokens=9_000, most=4096, counts=[], pace=0.0, result=60_000, cut=False)
async def test_every_bound_is_kept(
    steps: int,
    seconds: float,
    usd: float | None,
    tokens: int | None,
    most: int,
    counts: list[bool],
    pace: float,
    result: int,
    cut: bool,
) -> None:
    clock = Clock()

    @tool
    async def note(text: str) -> str:
        """Write down."""
        return text * result

    glutton = Glutton(counts, clock, pace, cut=cut)
    model = Model(glutton)
    agent = Agent(
        model,
        [note],
        max_steps=steps,
        max_seconds=seconds,
        max_usd=usd,
        max_tokens=tokens,
        params={"max_completion_tokens": most},
        price=price,
        clock=clock,
    )
    events = [event async for event in agent.run("Write down everything.")]
    end = events[-1]

    assert isinstance(end, RunEnded)
    assert len(model.asked) <= steps
    assert end.steps == len(model.asked) == sum(isinstance(event, StepStarted) for event in events)
    assert glutton.tokens <= (math.inf if tokens is None else tokens)
    assert glutton.usd <= (math.inf if usd is None else usd) * (1 + 1e-9)
    started = [event.call for event in events if isinstance(event, ToolStarted)]
    assert len(started) == len(set(started))
    assert end.answer or end.reason in ("money_limit", "token_limit", "time_limit")


def with_notes(model: Model, length: int, **settings: Any) -> Agent:
    """An agent whose one tool gives so many characters."""

    @tool(max_result=100_000)
    async def note(text: str) -> str:
        """Write down."""
        return text * length

    settings = {"params": {"max_completion_tokens": 4096}, "price": price, "max_steps": 50, **settings}
    return Agent(model, [note], **settings)


@given(
    bound=st.fixed_dictionaries({"max_usd": st.floats(0.005, 0.1)})
    | st.fixed_dictionaries({"max_tokens": st.integers(3_000, 60_000)})
    | st.fixed_dictionaries({"max_usd": st.floats(0.005, 0.1), "max_tokens": st.integers(3_000, 60_000)}),
    length=st.sampled_from([1, 2_000, 60_000]),
)
@example(bound={"max_usd": 0.01}, length=60_000)
@example(bound={"max_tokens": 3_000}, length=60_000)
async def test_a_run_of_little_uses_a_tool_and_still_answers(bound: dict[str, Any], length: int) -> None:
    """However much its steps write and its tools give: results are shortened before the answer is given up."""
    model = Model(Glutton([], Clock(), 0.0))
    _, trace = await listen(with_notes(model, length, **bound), "Write down everything.")

    assert trace.ended is not None
    assert any(step.calls for step in trace.steps)
    assert trace.ended.answer
    assert trace.ended.reason in ("money_limit", "token_limit")


@given(usd=st.none() | st.floats(1e-7, 0.1), tokens=st.none() | st.integers(1, 60_000), prompt=st.integers(1, 30_000))
async def test_an_answer_fits_into_the_least_of_all_bounds(usd: float | None, tokens: int | None, prompt: int) -> None:
    money = [Priced(usd, price, 4096, "money_limit")] if usd is not None else []
    counted = [Priced(tokens, lambda asked, said: asked + said, 4096, "token_limit")] if tokens is not None else []
    budgets = [*money, *counted]
    found = look_ahead(budgets, prompt)

    assert found.last or all(not one.ahead(prompt).last for one in budgets)
    written = 4096 if found.max_tokens is None else found.max_tokens
    for one in budgets:
        assert found.over or one.price(prompt, written) <= one.left  # type: ignore[operator]
        after = one.price(prompt + written + ANSWER_TOKENS, ANSWER_TOKENS)
        assert found.last or one.price(prompt, written) + after <= one.left  # type: ignore[operator]


async def test_a_step_cut_off_in_its_little_room_is_asked_for_its_answer() -> None:
    """A model that thinks may use up all it may write before it says a word."""
    room: list[int] = []

    def script(request: ChatRequest) -> Answer:
        room.append(request.params["max_completion_tokens"])
        usage = Usage(prompt_tokens=300, completion_tokens=room[-1], total_tokens=300 + room[-1])
        cut = request.params["tool_choice"] == "auto"
        return says("" if cut else "2", finish_reason="length" if cut else "stop", usage=usage, cost_usd=0.0)

    agent = Agent(Model(script), [add], max_tokens=4_000, params={"max_completion_tokens": 4096})
    _, trace = await listen(agent)

    assert trace.ended is not None
    assert (trace.ended.reason, trace.ended.answer) == ("token_limit", "2")
    assert len(room) == 2


async def test_results_are_not_shortened_in_vain() -> None:
    """Where the task itself is too long for the tokens that are left, what the tools gave is kept as it is."""

    def script(request: ChatRequest) -> Answer:
        usage = Usage(prompt_tokens=19_000, completion_tokens=900, total_tokens=19_900)
        call = ToolCallDelta(0, "c", "note", '{"text": "a"}')
        return [call, Finished(provider="groq", model="m", finish_reason="tool_calls", usage=usage, cost_usd=0.0)]

    _, trace = await listen(with_notes(Model(script), 3_000, max_tokens=20_000, max_usd=None), "words " * 2_000)

    assert trace.ended is not None
    assert (trace.ended.reason, trace.ended.answer) == ("token_limit", "")
    assert trace.ended.messages[-1]["content"] == "a" * 3_000


async def test_what_broke_before_an_answer_counts_too() -> None:
    broken = [
        AttemptStarted(number=1, provider="groq", model="a"),
        AttemptFailed(number=1, provider="groq", model="a", kind=Kind.STREAM_CUT, message="cut", tokens_out=3_000),
    ]
    answer = calls(("c", "add", '{"a":1,"b":1}'), cost_usd=None)
    assert isinstance(answer, list)
    model = Model([[*broken, *answer], says("2")])
    agent = Agent(model, [add], max_tokens=5_000, max_usd=0.05, price=price, params={"max_completion_tokens": 500})
    end = [event async for event in agent.run("go")][-1]

    assert isinstance(end, RunEnded)
    assert (end.reason, end.cost_usd) == ("token_limit", 0.01)
    assert model.asked[1].params["tool_choice"] == "none"


async def test_a_paused_run_goes_on_with_what_it_has_used() -> None:
    """Its bounds are those of the whole run, however often and wherever it goes on."""

    def script(request: ChatRequest) -> Answer:
        return calls((f"c{len(request.messages)}", "delete", '{"name": "x"}'), cost_usd=0.01)

    model, words, state, ends = Model(script), dict[str, bool](), None, list[RunEnded]()
    for _ in range(9):
        agent = Agent(model, [delete], pause=True, max_usd=0.035)
        run = agent.run("go") if state is None else agent.resume(RunState.decode(state.encode()), words)
        ends.append([event async for event in run][-1])  # type: ignore[arg-type]
        if (state := ends[-1].state) is None:
            break
        words = {one.approval: True for one in state.pending}

    assert ends[-1].reason == "money_limit"
    assert len(model.asked) <= 3
    assert ends[-1].cost_usd is not None
    assert ends[-1].cost_usd <= 0.035


async def test_a_bound_that_is_too_little_from_the_start_is_not_told_as_spent() -> None:
    events = [event async for event in Agent(Model([says("2")]), [add], max_tokens=2_000).run("go")]

    (note,) = [event.text for event in events if isinstance(event, Note)]
    assert note == "the tokens may not be enough for calling tools and answering, so the model answers at once"


@pytest.mark.parametrize(
    ("bound", "hedge"), [({"max_usd": 0.1, "price": price}, False), ({"max_tokens": 9_000}, False), ({}, None)]
)
async def test_a_step_of_a_bounded_run_is_not_asked_twice(bound: dict[str, Any], hedge: bool | None) -> None:
    model = Model([calls(("c", "add", '{"a":1,"b":1}')), says("2")])
    await listen(Agent(model, [add], max_steps=2, **bound))

    assert [request.hedge for request in model.asked] == [hedge, hedge]


async def test_half_a_letter_can_be_counted() -> None:
    model = Model([calls(("c", "add", '{"a":1,"b":1}'), text="half \ud83d"), says("2")])

    assert await Agent(model, [add], max_tokens=50_000).run("go") == "2"
