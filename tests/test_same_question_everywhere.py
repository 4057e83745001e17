"""One question in the spellings of clients, by every way it can be asked: the same goes to the model, and is told."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import groq
import httpx
import pytest

from groq_core.client.groq_client import AsyncGroq
from groq_core.compose import Core, assemble
from groq_core.errors import RequestError
from groq_core.serve import create_app
from groq_core.services.batch import LineSource, Recipe, answerers
from groq_core.services.batch.lines import Line
from groq_core.settings.settings import Settings
from groq_core.simulator import Simulator
from tests.serving import serving, url_of

HI = {"role": "user", "content": "Hi"}
MODEL = "openai/gpt-oss-20b"
ADD = {"type": "function", "function": {"name": "add"}}
MULTIPLY = {"type": "function", "function": {"name": "multiply"}}
RUN = {"type": "custom", "custom": {"name": "run"}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": "{}"}}


@dataclass
class Asked:
    """
    What became of a question.

    Attributes:
        sent: The body that the model got; None where nobody was asked.
        told: Codes of what was changed.
        refused: The field that was wrong.
    """

    sent: dict[str, Any] | None
    told: set[str]
    refused: str | None = None


@dataclass
class Ways:
    """The application, and the simulator it asks."""

    simulator: Simulator
    core: Core
    http: httpx.AsyncClient
    env: dict[str, str]
    folder: Path

    def sent(self) -> dict[str, Any] | None:
        bodies = [seen.body for seen in self.simulator.requests if seen.path.endswith("/chat/completions")]
        return bodies[-1] if bodies else None


@pytest.fixture(scope="module")
async def ways(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ways]:
    folder = tmp_path_factory.mktemp("ways")
    simulator = Simulator(pace=0, limits="off", seed=1)
    await simulator.start()
    env = {"GROQ_API_KEY": "gsk_test", "GROQ_BASE_URL": simulator.groq_url, "GROQ_CORE_CACHE_SIZE": "0"}
    env["GROQ_CORE_STATE_DIR"] = str(folder / "state")
    async with assemble(Settings.from_env(env)) as core:
        await core.catalogue.refresh()
        async with (
            serving(create_app(core), lifespan="on") as server,
            httpx.AsyncClient(base_url=url_of(server), timeout=60, trust_env=False) as http,
        ):
            yield Ways(simulator, core, http, env, folder)
    await simulator.stop()


def answer_of(ways: Ways, response: httpx.Response) -> Asked:
    if response.status_code != 200:
        return Asked(ways.sent(), set(), response.json()["error"]["param"])
    told = response.headers.get("x-groq-core-notes", "")
    return Asked(ways.sent(), set(filter(None, told.split(","))))


async def by_http(ways: Ways, body: dict[str, Any]) -> Asked:
    return answer_of(ways, await ways.http.post("/v1/chat/completions", content=json.dumps(body)))


async def by_groqs_prefix(ways: Ways, body: dict[str, Any]) -> Asked:
    return answer_of(ways, await ways.http.post("/openai/v1/chat/completions/", content=json.dumps(body)))


async def by_python(ways: Ways, body: dict[str, Any]) -> Asked:
    rest = {name: value for name, value in body.items() if name not in ("messages", "model")}
    try:
        reply = await ways.core.chat.ask(body["messages"], model=body["model"], **rest)
    except RequestError as error:
        return Asked(ways.sent(), set(), error.param)
    return Asked(ways.sent(), {note.code for note in reply.receipt.notes})


async def by_groqs_sdk(ways: Ways, body: dict[str, Any]) -> Asked:
    """With the chain in the program's own process; it checks nothing itself of what it sends."""
    async with AsyncGroq(settings=Settings.from_env(ways.env)) as client:
        try:
            response = await client.post("/openai/v1/chat/completions", body=body, cast_to=httpx.Response)
        except groq.APIStatusError as error:
            response = error.response
    return answer_of(ways, response)


async def by_a_line(ways: Ways, body: dict[str, Any]) -> Asked:
    """Of a file that the command line, or the page, reads."""
    asked = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": body}
    file = ways.folder / "one.jsonl"
    file.write_bytes(json.dumps(asked).encode() + b"\n")
    (entry,) = LineSource(file, Recipe())
    if not isinstance(entry, Line):
        return Asked(ways.sent(), set(), entry.error.param)
    answered = await answerers(ways.core.handle)["chat"](entry, lambda _: None)
    return Asked(ways.sent(), {note["code"] for note in answered.body.get("notes", ())})


async def by_a_batch(ways: Ways, body: dict[str, Any]) -> Asked:
    line = await line_of_a_batch(ways, body)
    if line["error"] is not None or line["response"]["status_code"] != 200:
        # A line's error has no place for the field; it is named in its words.
        return Asked(ways.sent(), set(), re.findall(r"`([\w.]+)`", line["error"]["message"])[0])
    return Asked(ways.sent(), {note["code"] for note in line["response"]["body"].get("notes", ())})


async def line_of_a_batch(ways: Ways, body: dict[str, Any]) -> Any:
    """The line that answers the only one of a batch."""
    asked = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": body}
    files = {"file": ("in.jsonl", json.dumps(asked).encode() + b"\n", "application/jsonl")}
    file = (await ways.http.post("/v1/files", files=files, data={"purpose": "batch"})).json()
    wanted = {"input_file_id": file["id"], "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    batch = (await ways.http.post("/v1/batches", json=wanted)).json()
    async with asyncio.timeout(60):
        while batch["status"] not in ("completed", "failed"):
            batch = (await ways.http.get(f"/v1/batches/{batch['id']}")).json()
    assert batch["status"] == "completed", batch["errors"]
    name = batch.get("output_file_id") or batch["error_file_id"]
    return json.loads((await ways.http.get(f"/v1/files/{name}/content")).text)


RENAMED = {"max_tokens": "max_output_tokens", "max_completion_tokens": "max_output_tokens"}


async def by_responses(ways: Ways, body: dict[str, Any]) -> Asked:
    """Messages are items there, and two parameters have other names."""
    items: list[Any] = []
    for message in body["messages"]:
        calls = message.get("tool_calls") or [] if isinstance(message, dict) else []
        if calls:
            items += [{"type": "function_call", "call_id": one.get("id"), **one["function"]} for one in calls]
        elif isinstance(message, dict) and message.get("role") == "tool":
            output = {"type": "function_call_output", "output": message.get("content")}
            items.append(output | ({"call_id": message["tool_call_id"]} if "tool_call_id" in message else {}))
        else:
            items.append(message)
    rest = {RENAMED.get(name, name): value for name, value in body.items() if name != "messages"}
    if "response_format" in rest:
        rest["text"] = {"format": rest.pop("response_format")}
    found = answer_of(ways, await ways.http.post("/v1/responses", content=json.dumps(rest | {"input": items})))
    found.refused = {v: k for k, v in RENAMED.items()}.get(found.refused or "", found.refused)
    return found


Way = Callable[[Ways, dict[str, Any]], Awaitable[Asked]]
CHATS: list[Way] = [by_http, by_groqs_prefix, by_python, by_groqs_sdk, by_a_line, by_a_batch]
ALL: list[Way] = [*CHATS, by_responses]

CASES: list[tuple[str, list[Way], dict[str, Any], dict[str, Any], set[str]]] = [
    # What it is, by which ways it can be said, what is said, what the model gets, what the asker is told.
    (
        "a silent assistant",
        ALL,
        {"messages": [HI, {"role": "assistant", "content": None}, HI]},
        {"contents": ["Hi", "", "Hi"]},
        set(),
    ),
    (
        "an empty question of old",
        ALL,
        {"messages": [{"role": "user", "content": ""}, HI]},
        {"contents": ["", "Hi"]},
        set(),
    ),
    (
        "a missing question of old",
        ALL,
        {"messages": [{"role": "user", "content": None}, HI]},
        {"contents": ["", "Hi"]},
        set(),
    ),
    (
        "a refusal",
        ALL,
        {"messages": [HI, {"role": "assistant", "content": None, "refusal": "No."}, HI]},
        {"contents": ["Hi", "No.", "Hi"]},
        set(),
    ),
    ("a role in capitals", ALL, {"messages": [{"role": "User", "content": "Hi"}]}, {"contents": ["Hi"]}, set()),
    (
        "one part without a list",
        ALL,
        {"messages": [{"role": "user", "content": {"type": "text", "text": "Hi"}}]},
        {"texts": ["Hi"]},
        set(),
    ),
    ("a part that is a text", ALL, {"messages": [{"role": "user", "content": ["Hi"]}]}, {"texts": ["Hi"]}, set()),
    (
        "arguments as an object",
        ALL,
        {
            "messages": [
                HI,
                {"role": "assistant", "tool_calls": [{"id": 7, "function": {"name": "add", "arguments": {"a": 1}}}]},
                {"role": "tool", "tool_call_id": 7, "content": {"sum": 1}},
            ],
            "tools": [ADD],
        },
        {"calls": [("7", '{"a": 1}')], "last": '{"sum": 1}'},
        set(),
    ),
    (
        "no id at all",
        ALL,
        {
            "messages": [
                HI,
                {"role": "assistant", "tool_calls": [{"function": {"name": "add", "arguments": "{}"}}]},
                {"role": "tool", "content": "3"},
            ],
            "tools": [ADD],
        },
        {"joined": True},
        set(),
    ),
    (
        "a call of old",
        CHATS,
        {
            "messages": [
                HI,
                {"role": "assistant", "function_call": {"name": "add", "arguments": "{}"}},
                {"role": "function", "name": "add", "content": "3"},
            ],
            "functions": [ADD["function"]],
        },
        {"joined": True, "tools": ["add"]},
        set(),
    ),
    ("any tool", ALL, {"messages": [HI], "tools": [ADD], "tool_choice": "any"}, {"tool_choice": "required"}, set()),
    (
        "a mode as an object",
        ALL,
        {"messages": [HI], "tools": [ADD], "tool_choice": {"type": "auto"}},
        {"tool_choice": "auto"},
        set(),
    ),
    (
        "a flat choice",
        ALL,
        {"messages": [HI], "tools": [ADD], "tool_choice": {"type": "function", "name": "add"}},
        {"tool_choice": ADD},
        set(),
    ),
    ("a choice by name", ALL, {"messages": [HI], "tools": [ADD], "tool_choice": "add"}, {"tool_choice": ADD}, set()),
    (
        "a custom tool",
        ALL,
        {"messages": [HI], "tools": [RUN, ADD], "tool_choice": {"type": "custom", "custom": {"name": "run"}}},
        {"tools": ["run", "add"], "tool_choice": {"type": "function", "function": {"name": "run"}}},
        set(),
    ),
    (
        "a custom call",
        CHATS,
        {
            "messages": [
                HI,
                {
                    "role": "assistant",
                    "tool_calls": [{"id": "1", "type": "custom", "custom": {"name": "run", "input": "ls"}}],
                },
                {"role": "tool", "tool_call_id": "1", "content": "a b"},
            ],
            "tools": [RUN],
        },
        {"calls": [("1", '{"input":"ls"}')], "last": "a b", "joined": True},
        set(),
    ),
    (
        "allowed tools",
        ALL,
        {
            "messages": [HI],
            "tools": [ADD, MULTIPLY],
            "tool_choice": {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "add"}],
            },
        },
        {"tools": ["add"], "tool_choice": "required"},
        set(),
    ),
    ("a flat tool", ALL, {"messages": [HI], "tools": [{"type": "function", "name": "add"}]}, {"tools": ["add"]}, set()),
    ("no limit, as -1", ALL, {"messages": [HI], "max_tokens": -1}, {"max_tokens": None}, {"max_tokens_left_out"}),
    (
        "no limit, as 0",
        ALL,
        {"messages": [HI], "max_completion_tokens": 0},
        {"max_tokens": None},
        {"max_tokens_left_out"},
    ),
    ("a whole number with a point", ALL, {"messages": [HI], "max_tokens": 100.0}, {"max_tokens": 100}, set()),
    (
        "half a letter",
        [way for way in ALL if way is not by_groqs_sdk],
        {"messages": [{"role": "user", "content": "a\ud83d b"}]},
        {"contents": ["a\ufffd b"]},
        {"letters_replaced"},
    ),
    ("a stop of nothing", ALL, {"messages": [HI], "stop": [""]}, {"stop": None}, set()),
    (
        "a format that is a word",
        ALL,
        {"messages": [{"role": "user", "content": "Say JSON"}], "response_format": "json_object"},
        {"response_format": {"type": "json_object"}},
        set(),
    ),
    ("bookkeeping", ALL, {"messages": [HI], "trace_id": "x"}, {"trace_id": None}, {"parameter_passed_over"}),
]


def facts(sent: dict[str, Any]) -> dict[str, Any]:
    """What a case may say of the body that a model got."""
    messages = sent["messages"]
    contents = [message.get("content") for message in messages]
    calls = [call for message in messages for call in message.get("tool_calls") or ()]
    found = {
        "contents": contents,
        "texts": ["".join(part["text"] for part in one) if isinstance(one, list) else one for one in contents],
        "last": contents[-1],
        "calls": [(call["id"], call["function"]["arguments"]) for call in calls],
        "joined": [call["id"] for call in calls] == [one["tool_call_id"] for one in messages if one["role"] == "tool"],
        "tools": [tool["function"]["name"] for tool in sent.get("tools", ())],
        "max_tokens": sent.get("max_completion_tokens", sent.get("max_tokens")),
    }
    return {name: sent.get(name) for name in ("tool_choice", "stop", "response_format", "trace_id")} | found


@pytest.mark.parametrize("way", ALL, ids=lambda way: way.__name__)
async def test_every_spelling_is_understood(ways: Ways, way: Way) -> None:
    for what, by, said, gets, told in CASES:
        if way not in by:
            continue
        ways.simulator.requests.clear()
        asked = await way(ways, {"model": MODEL, **said})

        assert asked.sent is not None, (what, asked)
        found = facts(asked.sent)
        assert {name: found[name] for name in gets} == gets, what
        assert told <= asked.told, (what, asked.told)
        if not told:
            assert not asked.told & {"letters_replaced", "max_tokens_left_out"}, what


async def test_a_custom_tool_is_called_as_one_by_every_way(ways: Ways) -> None:
    body = {"model": MODEL, "messages": [HI], "tools": [RUN, ADD], "tool_choice": RUN}
    line = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": body}
    entry = Recipe().line(1, json.dumps(line))
    assert isinstance(entry, Line)
    answers = [
        (await ways.http.post("/v1/chat/completions", json=body)).json(),
        (await ways.http.post("/openai/v1/chat/completions", json=body)).json(),
        (await answerers(ways.core.handle)["chat"](entry, lambda _: None)).body,
        (await line_of_a_batch(ways, body))["response"]["body"],
    ]
    reply = await ways.core.chat.ask([HI], model=MODEL, tools=[RUN, ADD], tool_choice=RUN)

    for answer in answers:
        [call] = answer["choices"][0]["message"]["tool_calls"]
        assert call == {"id": call["id"], "type": "custom", "custom": {"name": "run", "input": "Hi"}}
    assert [(call.name, call.arguments, call.custom) for call in reply.tool_calls] == [("run", "Hi", True)]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"messages": [HI], "temperature": 9}, "temperature"),
    ({"messages": [HI], "best_of": 3}, "best_of"),
    ({"messages": [HI], "tools": [ADD], "tool_choice": {"type": "function", "name": "subtract"}}, "tool_choice"),
    ({"messages": [HI], "tools": [RUN, {"type": "function", "function": {"name": "run"}}]}, "tools"),
]


@pytest.mark.parametrize("way", ALL, ids=lambda way: way.__name__)
async def test_what_is_wrong_is_named_before_anybody_is_asked(ways: Ways, way: Way) -> None:
    for said, param in WRONG:
        ways.simulator.requests.clear()
        asked = await way(ways, {"model": MODEL, **said})

        assert asked.sent is None
        assert asked.refused is not None
        assert asked.refused.startswith(param), (said, asked.refused)


async def test_half_a_letter_on_the_page_is_replaced_and_told(ways: Ways) -> None:
    headers = {"x-groq-core-page": (await ways.http.get("/ui/pass")).json()["pass"]}
    ways.simulator.requests.clear()
    body = {"turns": [{"role": "user", "text": "a\ud83d b"}], "model": MODEL}
    response = await ways.http.post("/ui/chat", content=json.dumps(body), headers=headers)
    sent = ways.sent()

    assert sent is not None
    assert sent["messages"][-1]["content"] == "a\ufffd b"
    assert "cut in half" in response.text
