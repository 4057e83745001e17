"""What the description calls valid is accepted, what it calls invalid is refused: field by field, value by value."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from math import isfinite
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import httpx
import pytest
from jsonschema import Draft202012Validator

from groq_core.api.multipart import MultipartForm
from groq_core.api.openapi import PATHS
from groq_core.api.responses.body import read_response
from groq_core.api.responses.kept_responses import ResponseStore
from groq_core.api.schemas import SCHEMAS
from groq_core.api.transcribe import read_question
from groq_core.errors import RequestError
from groq_core.events import AudioDelta, Events
from groq_core.incoming.chat_body import read_chat
from groq_core.requests import Caller, Request, SpeechRequest
from groq_core.settings.settings import Settings
from tests.api.stage import Stage, begun, done, plays, says
from tests.media.samples import tone, wav

VOICE = wav(tone(0.1, rate=24_000), rate=24_000)

FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}

BODIES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "Hello"}], "tools": [FUNCTION]},
    "/v1/responses": {"input": "Hello", "tools": [{"type": "function", "name": "f"}]},
    "/v1/audio/speech": {"input": "Hello"},
    "/v1/agent/runs": {"task": "Hello"},
    "/v1/extract": {"text": "Hello", "schema": {"type": "object", "properties": {"a": {"type": "string"}}}},
    "/v1/batches": {"input_file_id": "", "endpoint": "/v1/chat/completions"},
}
"""For each route a body that is accepted; each of its fields is changed in turn."""

DEPEND = ("tool_choice", "previous_response_id", "mcp_servers", "resume", "schema", "output", "input_file_id")
"""Fields that name something, or are a schema themselves: one that is well formed may still be refused."""

VALUES: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 2, 3, 0.5, 1.5, 2.5, 5.0, 21, 2**70, "", " ", "x", "auto", "none", "required", "wav",
    "sse", "24h", "medium", "f", [], [1], [None], [""], ["x"], ["a", "b", "c", "d"], ["a", "b", "c", "d", "e"], [[]],
    [{}], {}, {"x": 1}, {"x": "y"}, {"x": None}, {"name": "x"}, {"role": "user", "content": "x"}, {"type": "text"},
)  # fmt: skip
"""Values of every kind, at and beyond every bound."""


def answers(request: Request) -> Events:
    if isinstance(request, SpeechRequest):
        return plays(begun(), AudioDelta(VOICE), done())(request)
    return says('{"a": "Hello"}')(request)


def variants(body: dict[str, Any], fields: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The body with one field changed, left out, or added."""
    yield "no_such_field", {**body, "no_such_field": 1}
    for name, schema in fields.items():
        if name in body:
            yield f"without {name}", {key: value for key, value in body.items() if key != name}
        for value in (*VALUES, *values_in(schema)) if schema.keys() - {"description"} else VALUES[:1]:
            yield f"{name}={value!r}"[:80], {**body, name: value}


def values_in(schema: dict[str, Any]) -> Iterator[Any]:
    """What a schema names: words, and numbers at its bounds and beyond them."""
    yield from schema.get("enum", ())
    for bound in ("minimum", "maximum"):
        if bound in schema:
            yield from (schema[bound], schema[bound] - 1, schema[bound] + 1)
    for one in schema.get("anyOf", ()):
        yield from values_in(one)


EXCHANGE: Any = SimpleNamespace(caller=Caller(), request_id="gc_1", no_store=False)

READERS: dict[str, Callable[[bytes], object]] = {
    "/v1/chat/completions": lambda raw: read_chat(raw, caller=Caller(), request_id="gc_1"),
    "/v1/responses": lambda raw: read_response(raw, EXCHANGE, ResponseStore()),
}
"""All that bodies of so many parameters can afford; the others are sent."""


@pytest.mark.parametrize("path", BODIES)
async def test_the_description_and_the_reader_agree(path: str, tmp_path: Path) -> None:
    content = PATHS[path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    schema = json.loads(json.dumps(SCHEMAS[content["$ref"].rpartition("/")[2]]))
    valid = Draft202012Validator(schema).is_valid
    stage = Stage(answers, Settings.from_env({"GROQ_CORE_STATE_DIR": str(tmp_path)}))
    differ = []
    # Of hundreds of requests httpx takes three quarters of the time.
    async with stage.served() as http, aiohttp.ClientSession(str(http.base_url)) as quick:
        body = await base(http, path)
        for about, changed in variants(body, schema["properties"]):
            reader = READERS.get(path)
            status = await status_of(quick, path, changed) if reader is None else read(reader, changed)
            depends = status == 400 and about.partition("=")[0] in DEPEND
            if status == 500 or ((status == 400) == valid(changed) and not depends):
                differ.append(f"{about}: described as valid: {valid(changed)}, answered {status}")

    assert not differ, "\n".join(differ)


FORMS: dict[str, dict[str, str]] = {
    "/v1/audio/transcriptions": {"model": "audio", "response_format": "verbose_json"},
    "/v1/extract": {"text": "Hello", "schema": '{"type": "object", "properties": {"a": {"type": "string"}}}'},
    "/v1/files": {"purpose": "batch"},
}
"""For each route that takes a form, fields beside the file that are accepted."""

TEXTS = (
    "", " ", "x", "X", "true", "False", "1", "0", "yes", "0.5", "1.0", "2", "-1", "nan", "inf", "en", "de-DE", "e n",
    "auto", "word", "segment,word", "words", "json", "VERBOSE_JSON", "batch", "x" * 201, "{}", "[]", "None",
)  # fmt: skip

NAMED = ("language", "schema", "stream")
"""Fields whose text is looked up, is JSON, or goes with some others alone: one well formed may still be refused."""


@pytest.mark.parametrize("path", FORMS)
async def test_the_description_and_the_reader_of_a_form_agree(path: str, tmp_path: Path) -> None:
    content = PATHS[path]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    schema = SCHEMAS[content["$ref"].rpartition("/")[2]]
    valid = Draft202012Validator(schema).is_valid
    given, differ = FORMS[path], []
    stage = Stage(answers, Settings.from_env({"GROQ_CORE_STATE_DIR": str(tmp_path)}))
    async with stage.served() as http:
        for name, field in schema["properties"].items():
            for text in () if name == "file" else (*TEXTS, *map(str, values_in(field)), None):
                fields = {key: value for key, value in {**given, name: text}.items() if value is not None}
                file = {} if "text" in given else {"file": ("lines.jsonl", VOICE)}
                described = valid(as_described(fields, schema) | ({"file": "its bytes"} if file else {}))
                status = read_fields(fields) if path.startswith("/v1/audio") else await post(http, path, fields, file)
                depends = status == 400 and name in NAMED
                if status == 500 or ((status == 400) == described and not depends):
                    differ.append(f"{name}={text!r}: described as valid: {described}, answered {status}")

    assert not differ, "\n".join(differ)


def as_described(fields: dict[str, str], schema: dict[str, Any]) -> dict[str, Any]:
    """A form's texts as the values that its description speaks of; a blank one is as good as none."""
    found: dict[str, Any] = {}
    for name, text in fields.items():
        field = schema["properties"][name]
        kind = field.get("type")
        if not text.strip():
            continue
        if kind == "array":
            found[name] = json.loads(text) if text.startswith("[") else text.split(",")
        elif kind == "boolean":
            found[name] = {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
        elif kind == "number":
            with suppress(ValueError):
                text = float(text) if isfinite(float(text)) else text  # type: ignore[assignment]
            found[name] = text
        elif kind == "integer":
            found[name] = int(text) if re.fullmatch("-?[0-9]{1,18}", text, re.ASCII) else text
        else:
            found[name] = text.lower() if "enum" in field else text
    return found


def read_fields(fields: dict[str, str]) -> int:
    """The status by the reader alone, without listening to the recording again and again."""
    form = MultipartForm()
    form.file, form.filename = VOICE, "voice.wav"
    form.fields = {name.removesuffix("[]"): [text] for name, text in fields.items()}
    try:
        read_question(form, "transcribe")
    except RequestError as error:
        return error.status or 400
    return 200


async def post(http: httpx.AsyncClient, path: str, fields: dict[str, str], file: dict[str, Any]) -> int:
    parts = {name: (None, text) for name, text in fields.items()}
    return (await http.post(path, files={**parts, **file})).status_code


async def status_of(http: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> int:
    async with http.post(path, json=body) as answer:
        await answer.read()
        return answer.status


def read(reader: Callable[[bytes], object], body: dict[str, Any]) -> int:
    """The status by the reader alone."""
    try:
        reader(json.dumps(body).encode())
    except RequestError as error:
        return error.status or 400
    return 200


async def base(http: httpx.AsyncClient, path: str) -> dict[str, Any]:
    body = BODIES[path]
    if path == "/v1/batches":
        line = {"custom_id": "1", "method": "POST", "url": "/v1/chat/completions", "body": {"messages": []}}
        sent = {"file": ("lines.jsonl", json.dumps(line).encode())}
        file = (await http.post("/v1/files", data={"purpose": "batch"}, files=sent)).json()
        body = {**body, "input_file_id": file["id"]}
    answer = await http.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return body
