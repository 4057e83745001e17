"""The Responses API, asked by OpenAI's own client and read event by event."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from pydantic import BaseModel

from groq_core.errors import BrokenAnswerError, ChainError
from groq_core.events import Finished, TextDelta
from tests.api.responses_stage import CALLS, TOOL, client_of
from tests.api.stage import Stage, begun, plays, says


async def test_a_whole_response() -> None:
    async with client_of(Stage(says("Hel", "lo"))) as client:
        answer = await client.responses.create(
            model="auto", input="Hi", instructions="Be short.", metadata={"a": "b"}, temperature=0.5
        )

    assert answer.output_text == "Hello"
    assert answer.status == "completed"
    assert answer.model == "quick"
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.total_tokens) == (7, 3, 10)
    assert (answer.metadata, answer.instructions, answer.temperature) == ({"a": "b"}, "Be short.", 0.5)
    assert answer.model_extra is not None
    assert answer.model_extra["x_groq_core"]["served_by"] == {"provider": "groq", "model": "quick"}


async def test_what_is_sent_on_is_a_chat() -> None:
    stage = Stage(says("Hello"))
    async with client_of(stage) as client:
        await client.responses.create(
            model="quality",
            instructions="Be short.",
            input=[
                {"role": "user", "content": "Add 1."},
                {"type": "reasoning", "id": "rs_1", "summary": []},
                {"type": "message", "role": "assistant", "content": "Yes."},
                {"type": "function_call", "call_id": "c1", "name": "add", "arguments": "{}"},
                {"type": "function_call", "call_id": "c2", "name": "add", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c1", "output": "1"},
                {"type": "function_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "2"}]},
                {"role": "user", "content": [{"type": "input_text", "text": "And?"}]},
            ],
            tools=[TOOL],
            tool_choice={"type": "function", "name": "add"},
            text={"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True}},
            reasoning={"effort": "low"},
            max_output_tokens=50,
            parallel_tool_calls=False,
        )

    call = stage.chat
    assert [message["role"] for message in call.messages] == ["system", "user", "assistant", "tool", "tool", "user"]
    assert call.messages[2]["content"] == "Yes."
    assert [one["id"] for one in call.messages[2]["tool_calls"]] == ["c1", "c2"]
    assert call.messages[4] == {"role": "tool", "tool_call_id": "c2", "content": "2"}
    assert call.params["tools"][0]["function"]["name"] == "add"
    assert call.params["tool_choice"] == {"type": "function", "function": {"name": "add"}}
    assert call.params["response_format"]["json_schema"]["name"] == "n"
    assert call.params["reasoning_effort"] == "low"
    assert call.params["max_completion_tokens"] == 50
    assert call.params["parallel_tool_calls"] is False


PIXEL = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


async def test_pictures_of_the_user_and_of_tools_are_shown() -> None:
    stage = Stage(says("A pixel"))
    picture: Any = {"type": "input_image", "image_url": PIXEL, "detail": "low"}
    async with client_of(stage) as client:
        await client.responses.create(
            model="auto",
            input=[
                {"role": "user", "content": [{"type": "input_text", "text": "Look"}, picture]},
                {"type": "function_call", "call_id": "c", "name": "see", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c", "output": [picture]},
            ],
        )

    assert stage.chat.needs.images == 2
    assert [message["role"] for message in stage.chat.messages] == ["user", "assistant", "tool", "user"]


async def test_a_stream_has_the_apis_own_events_in_order() -> None:
    async with client_of(Stage(says("Hel", "lo"))) as client:
        events = [event async for event in await client.responses.create(model="auto", input="Hi", stream=True)]

    assert [event.type for event in events] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [event.sequence_number for event in events] == [*range(len(events))]
    last = events[-1]
    assert last.type == "response.completed"
    assert last.response.output_text == "Hello"
    assert last.response.model == "quick"
    assert last.response.model_extra is not None
    assert last.response.model_extra["x_groq_core"]["request_id"].startswith("gc_")


async def test_the_sdks_own_helper_follows_thoughts_text_and_calls() -> None:
    async with (
        client_of(Stage(CALLS)) as client,
        client.responses.stream(model="auto", input="Hi", tools=[TOOL]) as stream,
    ):
        kinds = [event.type async for event in stream]
        answer = await stream.get_final_response()

    assert [item.type for item in answer.output] == ["reasoning", "message", "function_call", "function_call"]
    assert answer.output_text == "One moment."
    calls = [item for item in answer.output if item.type == "function_call"]
    assert [(call.call_id, call.arguments) for call in calls] == [("call_1", '{"a":1}'), ("call_2", '{"a":2}')]
    assert kinds.count("response.function_call_arguments.done") == 2
    assert "response.reasoning_text.delta" in kinds


async def test_thoughts_go_out_as_a_summary_where_one_is_asked_for() -> None:
    async with client_of(Stage(CALLS)) as client:
        stream = await client.responses.create(
            model="auto", input="Hi", tools=[TOOL], stream=True, reasoning={"summary": "auto"}
        )
        events = [event async for event in stream]
        whole = await client.responses.create(model="auto", input="Hi", tools=[TOOL], reasoning={"summary": "auto"})

    heard = "".join(event.delta for event in events if event.type == "response.reasoning_summary_text.delta")
    assert heard == "I must add."
    item = whole.output[0]
    assert item.type == "reasoning"
    assert item.summary[0].text == "I must add."


class Weather(BaseModel):
    place: str
    degrees: int


async def test_structured_output_is_parsed_by_the_sdk() -> None:
    stage = Stage(says('{"place": "Rome", ', '"degrees": 20}'))
    async with client_of(stage) as client:
        answer = await client.responses.parse(model="auto", input="Weather?", text_format=Weather)

    assert answer.output_parsed == Weather(place="Rome", degrees=20)
    assert stage.chat.needs.json == "schema"


async def test_an_answer_cut_at_its_bound_is_incomplete() -> None:
    script = plays(begun(), TextDelta("Hel"), Finished(provider="groq", model="q", number=1, finish_reason="length"))
    async with client_of(Stage(script)) as client:
        whole = await client.responses.create(model="auto", input="Hi")
        events = [event async for event in await client.responses.create(model="auto", input="Hi", stream=True)]

    assert whole.status == "incomplete"
    assert whole.incomplete_details is not None
    assert whole.incomplete_details.reason == "max_output_tokens"
    assert events[-1].type == "response.incomplete"
    assert events[-1].response.status == "incomplete"


async def test_a_break_in_the_middle_ends_in_failed_and_never_in_completed() -> None:
    async with client_of(Stage(plays(begun(), TextDelta("Hel"), BrokenAnswerError("it broke")))) as client:
        events = [event async for event in await client.responses.create(model="auto", input="Hi", stream=True)]

    assert not {"response.completed", "response.incomplete"} & {event.type for event in events}
    last = events[-1]
    assert last.type == "response.failed"
    assert last.response.status == "failed"
    assert last.response.error is not None
    assert last.response.error.code == "server_error"
    assert "it broke" in last.response.error.message
    assert last.response.output_text == "Hel"
    assert last.response.model_extra is not None
    assert last.response.model_extra["x_groq_core"]["attempts"]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_failure_before_the_first_word_has_a_status_of_its_own(stream: bool) -> None:
    async with client_of(Stage(plays(ChainError("nobody", retry_after=9)))) as client:
        with pytest.raises(openai.InternalServerError) as caught:
            await client.responses.create(model="auto", input="Hi", stream=stream)

    assert caught.value.status_code == 503
    assert caught.value.response.headers["retry-after"] == "9"


REFUSED: dict[str, dict[str, Any]] = {
    "input": {},
    "input[0].type": {"input": [{"type": "computer_call"}]},
    "input[0].role": {"input": [{"role": "wizard", "content": "x"}]},
    "input[0].content[0].image_url": {
        "input": [{"role": "user", "content": [{"type": "input_image", "image_url": "ftp://x"}]}]
    },
    "input[0].content[1].type": {
        "input": [{"role": "user", "content": [{"type": "input_text", "text": "x"}, {"type": "input_audio"}]}]
    },
    "input[0].call_id": {"input": [{"type": "function_call_output", "output": "x"}]},
    "tools[0].type": {"input": "x", "tools": [{"type": "file_search"}]},
    "tools[0].name": {"input": "x", "tools": [{"type": "function"}]},
    "tool_choice.name": {"input": "x", "tools": [TOOL], "tool_choice": {"type": "function", "name": "sub"}},
    "text.format.type": {"input": "x", "text": {"format": {"type": "xml"}}},
    "text.format.name": {"input": "x", "text": {"format": {"type": "json_schema", "name": 5, "schema": {}}}},
    "max_output_tokens": {"input": "x", "max_output_tokens": -5},
    "temperature": {"input": "x", "temperature": 3},
    "truncation": {"input": "x", "truncation": "sometimes"},
    "metadata": {"input": "x", "metadata": {"a": 1}},
    "instructions": {"input": "x", "instructions": 5},
    "background": {"input": "x", "background": True},
    "conversation": {"input": "x", "conversation": "conv_1"},
    "stream": {"input": "x", "stream": "yes"},
    "reasoning": {"input": "x", "reasoning": "much"},
    "text": {"input": "x", "text": "json"},
    "model": {"input": "x", "model": 5},
}


@pytest.mark.parametrize("param", REFUSED)
async def test_a_refusal_names_the_field(param: str) -> None:
    stage = Stage()
    async with stage.served() as http:
        answer = await http.post("/v1/responses", json=REFUSED[param])

    error = answer.json()["error"]
    assert (answer.status_code, error["param"]) == (400, param)
    assert "messages[" not in error["message"]
    assert not stage.asked


async def test_hosted_tools_are_named_as_groq_names_them_and_told_as_openai_does() -> None:
    executed = [
        {"index": 0, "type": "search", "arguments": '{"query": "groq"}', "output": "…"},
        {"index": 1, "type": "python", "arguments": '{"code": "1+1"}', "output": "2"},
    ]
    script = plays(
        begun(),
        TextDelta("2"),
        Finished(provider="groq", model="quick", number=1, extra={"executed_tools": executed}),
    )
    stage = Stage(script)
    tools: Any = [{"type": "web_search"}, {"type": "code_interpreter", "container": {"type": "auto"}}]
    async with client_of(stage) as client:
        whole = await client.responses.create(model="auto", input="1+1", tools=tools)
        events = [e async for e in await client.responses.create(model="auto", input="1+1", tools=tools, stream=True)]

    assert stage.chat.needs.hosted == ("browser_search", "code_interpreter")
    assert {item.type for item in whole.output} == {"web_search_call", "code_interpreter_call", "message"}
    last = events[-1]
    assert last.type == "response.completed"
    assert {item.type for item in last.response.output} == {"web_search_call", "code_interpreter_call", "message"}


async def test_a_conversation_that_must_stay_whole_is_marked() -> None:
    stage = Stage(says("x"))
    async with client_of(stage) as client:
        kept = await client.responses.create(model="auto", input="Hi", truncation="disabled")
        assert stage.chat.keep_all
        fitted = await client.responses.create(model="auto", input="Hi")

    assert not stage.chat.keep_all
    assert (kept.truncation, fitted.truncation) == ("disabled", "auto")
