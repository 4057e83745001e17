"""What Groq and its models really said, once more: every recorded tool call is run, every failure survived."""

from __future__ import annotations

import json
from typing import Any

import pytest

from groq_core.errors import ChainError
from groq_core.events import RunEnded, ToolStarted
from groq_core.services.agent import Agent, Tool, Trace
from groq_core.services.agent.rescue import Rescued, read_generation
from tests.recordings import Recording, recordings
from tests.services.replay import read_recording, replay_recording, request_of
from tests.services.scripted import Model, says


def tools_of(recording: Recording, results: dict[str, list[str]] | None = None) -> list[Tool]:
    """The tools of a recorded request; each gives what the recorded conversation tells of its results."""
    found = []
    for one in request_of(recording).get("tools", ()):
        function = one["function"]

        async def call(_: dict[str, Any], name: str = function["name"]) -> object:
            return (results or {}).get(name, ["ok"]).pop(0)

        parameters = function.get("parameters") or {}
        found.append(Tool(name=function["name"], description="", parameters=parameters, call=call))
    return found


async def trace_of(agent: Agent, messages: Any = "go") -> Trace:
    trace = Trace()
    async for event in agent.run(messages):
        trace.apply(event)
    return trace


CALLS = list(recordings("tool-call", "parallel-tool-calls", "streaming-tool-call", "streaming-parallel-tool-calls"))


@pytest.mark.parametrize("recording", CALLS, ids=lambda recording: recording.name)
async def test_every_recorded_call_is_run_and_told(recording: Recording) -> None:
    model = Model([replay_recording(recording), says("done")])
    agent = Agent(model, tools_of(recording))

    events = [event async for event in agent.run(request_of(recording).get("messages") or "go")]

    started = [event for event in events if isinstance(event, ToolStarted)]
    assert started
    assert isinstance(events[-1], RunEnded)
    assert events[-1].reason == "answered"
    *_, assistant = (message for message in model.asked[1].messages if message.get("tool_calls"))
    sent = assistant["tool_calls"]
    assert [call["function"]["name"] for call in sent] == [event.name for event in started]
    assert all(isinstance(json.loads(call["function"]["arguments"]), dict) for call in sent)
    told = model.asked[1].messages[-len(sent) :]
    assert [message["tool_call_id"] for message in told] == [call["id"] for call in sent]
    assert all(message["content"] == "ok" for message in told) or not agent.tools


@pytest.mark.parametrize(
    "recording",
    list(recordings("chat-after-tool-result", "streaming-after-tool-result")),
    ids=lambda recording: recording.name,
)
async def test_every_recorded_answer_after_a_result_ends_the_run(recording: Recording) -> None:
    trace = await trace_of(Agent(Model([replay_recording(recording)])), request_of(recording).get("messages") or "go")

    assert trace.ended is not None
    assert trace.ended.reason == "answered"
    assert trace.answer


CONVERSATIONS = {
    "parallel calls with arguments null": (
        "parallel-tool-calls/rig-agent-tool-sessions-parallel-tool-calls-single-turn-nonstreaming-1",
        "chat-after-tool-result/rig-agent-tool-sessions-parallel-tool-calls-single-turn-nonstreaming-2",
    ),
    "streamed call": (
        "streaming-tool-call/fantasy-groq-kimi-k2-tool-streaming-1",
        "streaming-after-tool-result/fantasy-groq-kimi-k2-tool-streaming-2",
    ),
    "streamed parallel calls": (
        "streaming-parallel-tool-calls/fantasy-groq-kimi-k2-multi-tool-streaming-1",
        "streaming-after-tool-result/fantasy-groq-kimi-k2-multi-tool-streaming-2",
    ),
    "five steps": tuple(
        f"tool-call/rig-agent-tool-sessions-sequential-complex-tool-calls-nonstreaming-{number}"
        for number in range(1, 6)
    ),
}


def essence(message: dict[str, Any]) -> tuple[Any, ...]:
    """What matters of a message: spelling of arguments and empty contents do not."""
    content = message.get("content")
    if isinstance(content, list):
        content = "".join(part.get("text", "") for part in content)
    made = [
        (call["id"], call["function"]["name"], json.loads(call["function"]["arguments"]) or {})
        for call in message.get("tool_calls") or ()
    ]
    return message["role"], content or "", made, message.get("tool_call_id")


@pytest.mark.parametrize("names", CONVERSATIONS.values(), ids=CONVERSATIONS)
async def test_a_recorded_conversation_is_held_again_word_for_word(names: tuple[str, ...]) -> None:
    exchanges = [read_recording(name) for name in names]
    last = request_of(exchanges[-1])["messages"]
    callers = {call["id"]: call["function"]["name"] for message in last for call in message.get("tool_calls") or ()}
    results: dict[str, list[str]] = {}
    for message in last:
        if message["role"] == "tool":
            results.setdefault(callers[message["tool_call_id"]], []).append(message["content"])
    model = Model([*map(replay_recording, exchanges), says("done")])
    tools = tools_of(exchanges[0], {name: [*said, "ok"] for name, said in results.items()})

    trace = await trace_of(Agent(model, tools), request_of(exchanges[0])["messages"])

    for ours, theirs in zip(model.asked, exchanges, strict=False):
        assert list(map(essence, ours.messages)) == list(map(essence, request_of(theirs)["messages"]))
    assert trace.ended is not None
    assert trace.ended.reason == "answered"


FAILED = {
    "a text where a call was required": (
        "error-400-tool_use_failed/pydai-groq-native-with-tools-falls-back-to-tool-output-openai-gpt-oss-120b-1",
        "The capital of France is **Paris**.",
    ),
    "a text where a certain call was required": (
        "error-400-tool_use_failed/pydai-test-tool-choice-vcr-tool-choice-groq-list-single-tool-2",
        "The current weather in Paris is sunny with a temperature of 22C.",
    ),
    "a text after a result": (
        "error-400-tool_use_failed/pydai-test-tool-choice-vcr-tool-choice-groq-required-forces-tool-2",
        "The current weather in Paris is Sunny, 22C.",
    ),
}


@pytest.mark.parametrize(("name", "answer"), FAILED.values(), ids=FAILED)
async def test_an_answer_groq_took_for_a_failed_call_is_the_answer(name: str, answer: str) -> None:
    recording = read_recording(name)

    trace = await trace_of(Agent(Model([replay_recording(recording)]), tools_of(recording)))

    assert trace.answer == answer


@pytest.mark.parametrize(
    "name",
    [
        "error-400-tool_use_failed/pydai-tool-use-failed-error-1-3",
        "stream-error/pydai-tool-use-failed-error-streaming-1-2",
        "stream-error/pydai-tool-use-failed-error-streaming-1-3",
    ],
)
async def test_a_call_groq_refused_is_told_to_the_model(name: str) -> None:
    recording = read_recording(name)
    model = Model([replay_recording(recording), says("I see.")])

    trace = await trace_of(Agent(model, tools_of(recording)))

    (call,) = trace.steps[0].calls.values()
    assert call.name == "get_something_by_name"
    assert trace.answer == "I see."


async def test_a_failed_call_that_left_no_words_is_an_error() -> None:
    recording = read_recording("stream-error/pydai-tool-use-failed-error-streaming-with-text-1-2")

    with pytest.raises(ChainError):
        await trace_of(Agent(Model([replay_recording(recording)]), tools_of(recording)))


@pytest.mark.parametrize(
    "recording", list(recordings("builtin-tools", "builtin-tools-streaming")), ids=lambda recording: recording.name
)
async def test_tools_groq_ran_itself_are_shown(recording: Recording) -> None:
    trace = await trace_of(Agent(Model([replay_recording(recording)]), hosted=["browser_search"]))

    shown = list(trace.steps[0].calls.values())
    assert shown
    assert all(call.hosted and call.result and call.name == "browser_search" for call in shown)


# ── what models write when a call fails ──────────────────────────────────────────────────────────────

ADD = Tool(
    name="add",
    description="",
    parameters={"type": "object", "properties": {"a": {"type": "integer"}}},
    call=lambda _: None,  # type: ignore[arg-type,return-value]
)


@pytest.mark.parametrize(
    "generation",
    [
        '<function=add={"a": 1}</function>',
        '<function=add>{"a": 1}</function>',
        '<function=add{"a": 1}</function>',
        '<function=add {"a": 1}',
        '<function(add){"a": 1}</function>',
        '<tool_call>\n{"name": "add", "arguments": {"a": 1}}\n</tool_call>',
        '{"name": "add", "arguments": {"a": 1}}',
        '{"name": "add", "parameters": {"a": 1}}',
        '{"name": "add", "arguments": "{\\"a\\": 1}"}',
        '{"type": "function", "function": {"name": "add", "arguments": {"a": 1}}}',
        '[{"name": "add", "arguments": {"a": 1}}]',
        '{"tool_calls": [{"function": {"name": "add", "arguments": {"a": 1}}}]}',
        'I will add.\n```json\n{"name": "add", "arguments": {"a": 1}}\n```',
        'Sure: {"name": "add", "arguments": {"a": 1}} there',
        '{"a": 1}',
    ],
)
def test_a_call_is_found_in_every_form_that_was_seen(generation: str) -> None:
    (call,) = read_generation(generation, {"add": ADD}).calls

    assert call.name == "add"
    assert json.loads(call.arguments) == {"a": 1}


def test_several_calls_are_found() -> None:
    text = '<function=add={"a": 1}</function>\n<function=now></function><function=add={"a": 2}</function>'

    assert [(call.name, call.arguments) for call in read_generation(text, {}).calls] == [
        ("add", '{"a": 1}'),
        ("now", "{}"),
        ("add", '{"a": 2}'),
    ]


@pytest.mark.parametrize(
    "generation", ["", "  ", "<function=add={broken", "<|python_tag|>", '{"a": ', '{"x": 1}', "[]", "{" * 5000]
)
def test_a_call_that_got_lost_is_neither_call_nor_answer(generation: str) -> None:
    assert read_generation(generation, {"add": ADD}) == Rescued()
