"""
The simulator's answers against the recorded ones: for every class of exchange the same keys, order, types, headers.

An equivalent request is put for each class. Where the two may differ, ``ALLOWED`` says so and why; whatever else
differs is a mistake of the simulator's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from groq_core.simulator import Fault, Simulator
from tests.recordings import WIRE, Recording, recordings
from tests.simulator.shapes import differences, events, keeps_order, stream_differences

OSS, QWEN, LLAMA, SCOUT = "openai/gpt-oss-120b", "qwen/qwen3.8-27b", "llama-3.3-70b-versatile", "scout"
IDS = {"scout": "meta-llama/llama-4-scout-17b-16e-instruct"}
MEDIA = Path(__file__).parent.parent / "data" / "media"


class Put(NamedTuple):
    """An equivalent request: body (or form), where to, and the fault that brings about a refusal."""

    body: Any
    path: str = "/openai/v1/chat/completions"
    file: str | None = None
    fault: Fault | None = None
    key: str = "gsk_test"


WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
CLOCK = {
    "type": "function",
    "function": {
        "name": "get_time",
        "description": "time in a city",
        "parameters": {"type": "object", "properties": {}},
    },
}
PICTURE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEUlEQVR42mP8z8BQz0AEYBxVSF8FAFvtBAE2"
    "Ii3cAAAAAElFTkSuQmCC"
)
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "country": {"type": "string"}},
    "required": ["city", "country"],
    "additionalProperties": False,
}


def chat(text: str = "Say hello to the reader in one sentence.", model: str = LLAMA, **extra: Any) -> Any:
    return {"model": IDS.get(model, model), "messages": [{"role": "user", "content": text}], **extra}


def after_tool(model: str, **extra: Any) -> Any:
    call = {"id": "x1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Paris"}'}}
    messages = [
        {"role": "user", "content": "What is the weather in Paris?"},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "x1", "content": "22 °C, sunny"},
    ]
    return {"model": IDS.get(model, model), "messages": messages, "tools": [WEATHER], **extra}


def asks_weather(model: str, tools: Any = (WEATHER,), **extra: Any) -> Any:
    return chat("What are the weather and the time in Paris?", model, tools=list(tools), **extra)


def like(recording: Recording, make: Callable[..., Any], fallback: str, **extra: Any) -> Put:
    """The request with the recorded model's nearest living relative, with usage asked for where it was."""
    asked = recording.request.get("body") if isinstance(recording.request, dict) else None
    asked = json.loads(asked) if isinstance(asked, str) and asked.startswith("{") else {}
    name = str(asked.get("model") or _model_of(recording))
    model = OSS if "gpt-oss" in name else QWEN if "qwen" in name else fallback
    if recording.streamed:
        extra["stream"] = True
        if any(
            not data["choices"] for _, data in events(recording.body) if isinstance(data, dict) and "choices" in data
        ):
            extra["stream_options"] = {"include_usage": True}
    return Put(make(model=model, **extra))


CASES: dict[str, Callable[[Recording], Put]] = {
    "plain-chat": lambda r: like(r, chat, LLAMA),
    "streaming-chat": lambda r: like(r, chat, LLAMA),
    "chat-after-tool-result": lambda r: like(r, after_tool, LLAMA),
    "streaming-after-tool-result": lambda r: like(r, after_tool, LLAMA),
    "tool-call": lambda r: like(r, asks_weather, LLAMA),
    "parallel-tool-calls": lambda r: like(r, asks_weather, LLAMA, tools=(WEATHER, CLOCK)),
    "streaming-tool-call": lambda r: like(r, asks_weather, LLAMA),
    "streaming-parallel-tool-calls": lambda r: like(r, asks_weather, LLAMA, tools=(WEATHER, CLOCK)),
    "json-mode": lambda r: like(
        r,
        lambda **e: chat("Answer in JSON with the keys city and country.", **e),
        LLAMA,
        response_format={"type": "json_object"},
    ),
    "json-schema": lambda r: like(
        r,
        chat,
        SCOUT,
        response_format={"type": "json_schema", "json_schema": {"name": "place", "strict": True, "schema": SCHEMA}},
    ),
    "reasoning-parsed": lambda r: like(r, chat, OSS, reasoning_effort="medium"),
    "reasoning-parsed-streaming": lambda r: like(r, chat, OSS, reasoning_effort="medium"),
    "reasoning-raw": lambda r: Put(chat(model=QWEN, reasoning_effort="medium", reasoning_format="raw")),
    "reasoning-raw-streaming": lambda r: Put(
        chat(
            model=QWEN,
            reasoning_effort="medium",
            reasoning_format="raw",
            stream=True,
            stream_options={"include_usage": True},
        )
    ),
    "vision": lambda r: Put(
        {
            "model": IDS[SCOUT],
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is it?"},
                        {"type": "image_url", "image_url": {"url": PICTURE}},
                    ],
                }
            ],
        }
    ),
    "guard-model": lambda r: Put(chat("Hi there!", "meta-llama/llama-prompt-guard-2-22m")),
    "stream-error": lambda r: Put(
        asks_weather(OSS, stream=True), fault=Fault(kind="error_event", preset="tool_use_failed", after=9)
    ),
    "error-400": lambda r: Put(asks_weather("meta-llama/llama-prompt-guard-2-22m")),
    "error-400-model_decommissioned": lambda r: Put(chat(model="llama3-70b-8192")),
    "error-400-tool_use_failed": lambda r: Put(chat(), fault=Fault(kind="status", preset="tool_use_failed")),
    "error-401-invalid_api_key": lambda r: Put(chat(), key="gsk_invalid"),
    "error-404-model_not_found": lambda r: Put(chat(model="llama-3.3-70b-versatlie")),
    "error-429-rate_limit_exceeded": lambda r: Put(chat(), fault=Fault(kind="status", preset="429_tpm")),
    "model-list": lambda r: Put(None, "/openai/v1/models"),
    "audio-transcription": lambda r: Put(_hearing(r), "/openai/v1/audio/transcriptions", "vercel-transcript-test.mp3"),
    "openai-audio-transcription": lambda r: Put(_hearing(r), "/v1/audio/transcriptions", "vercel-transcript-test.mp3"),
    "openai-audio-translation": lambda r: Put({"model": "whisper-1"}, "/v1/audio/translations", "marcelo.mp3"),
    "openai-error-400": lambda r: Put(
        {"model": "whisper-1", "response_format": "xml"}, "/v1/audio/transcriptions", "marcelo.mp3"
    ),
    "openai-error-400-context_length_exceeded": lambda r: Put(
        {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "word " * 300_000}]}, "/v1/chat/completions"
    ),
    "openai-error-401-invalid_api_key": lambda r: Put(
        {"model": "gpt-4o-mini", "messages": []}, "/v1/chat/completions", key="invalid-key"
    ),
    "openai-tts": lambda r: Put(
        {"model": "tts-1", "input": "hello", "voice": "alloy", "response_format": _speak(r)}, "/v1/audio/speech"
    ),
}

LEFT_OUT = {
    "builtin-tools": "Compound, the system with built-in tools, was shut down on 2026-09-21",
    "builtin-tools-streaming": "Compound, the system with built-in tools, was shut down on 2026-09-21",
    "errors-from-issues": "single error bodies; test_refusals.py provokes them one by one",
    "batch": "a conversation of several requests; test_files.py compares it",
    "openai-batch": "a conversation of several requests; test_files.py compares it",
    "openai-files": "a conversation of several requests; test_files.py compares it",
    "openai-moderation": "the backup is asked for chat, transcription and speech only",
}


class May(NamedTuple):
    """A difference that is right: regular expressions for recording and difference, both matched in full."""

    differ: str
    why: str
    recording: str = ".*"
    before: str = "9999"
    """Only of recordings made before this day."""


ALLOWED = (
    May(r".*usage\.queue_time: only simulated", "sent since September 2024", before="2024-09-30"),
    May(r"\$\.usage_breakdown: only simulated", "sent since April 2025", before="2025-04-18"),
    May(r"\$\.usage_breakdown: object and not null", "null since June 2025", before="2025-06-30"),
    May(r"\$\.service_tier: only simulated", "sent since July 2025", before="2025-07-31"),
    May(r".*x_groq\.seed: only simulated", "sent since December 2025", before="2025-12-19"),
    May(r".*usage\.completion_tokens_details: only simulated", "sent since December 2025", before="2025-12-19"),
    May(r"finish\.usage: only simulated", "not only in `x_groq` since October 2025", before="2025-10-07"),
    May(r".*usage\.prompt_tokens_details: only recorded", "a prompt cache was hit, which the simulator has none of"),
    May(
        r".*usage\.completion_tokens_details: only simulated",
        "the recorded qwen3 thinks in its content and does not count it",
        recording="reasoning-raw.*",
        before="2026-07-03",
    ),
    May(r"\$\.choices\[\]\.message\.content: only recorded", "9 of 209 models also talked", recording="tool-call/.*"),
    May(r"content: only recorded", "it talked before it called", recording=".*(multi-tool-streaming|with-text).*"),
    May(
        r"first\.choices\[\]\.delta\.content: string and not null",
        "it talked before it called",
        recording=".*multi-tool-streaming.*",
    ),
    May(r"content: only simulated", "16 tokens were allowed, all spent on thinking", recording=".*caching-streaming.*"),
    May(r"reasoning: only recorded", "qwen3-32b always thinks, qwen3.8 when told to", recording=".*qwen3-32b-object.*"),
    May(r".*", "answers with speakers are not offered", recording="openai-audio.*diarize.*"),
    May(r"\$\.usage: only simulated", "recorded in 2023", recording="openai-audio-translation/.*", before="2024"),
)

HEADERS = {
    "connection": "hop by hop: HTTP/1.1 keeps connections alive without it",
    "content-length": "what recorders put in place of `transfer-encoding`",
    "transfer-encoding": "what recorders take away",
    "content-encoding": "the simulator does not compress",
    "x-simulated": "the simulator's mark",
    "strict-transport-security": "sent by Groq since December 2025",
    "x-groq-region": "sent since 2025",
    "x-openai-proxy-wasm": "sent since 2025",
    "access-control-expose-headers": "sent since 2025",
    "x-content-type-options": "sent since 2025",
    "via": "left out by one recorder",
}
"""Headers that only one side has, and why."""

SAME_VALUE = ("cache-control", "vary", "server", "via", "alt-svc", "strict-transport-security", "openai-version")


def _model_of(recording: Recording) -> str:
    found = re.search(rb'"model": ?"([^"]+)"', recording.body)
    return found.group(1).decode() if found else ""


def _hearing(recording: Recording) -> dict[str, Any]:
    openai = recording.name.startswith("openai-")
    form: dict[str, Any] = {"model": "whisper-1" if openai else "whisper-large-v3"}
    if recording.headers.get("content-type", "").startswith("text/plain"):
        form["response_format"] = "text"
    elif b'"segments"' in recording.body:
        form["response_format"] = "verbose_json"
        form["timestamp_granularities[]"] = "word" if b'"segments": null' in recording.body else "segment"
    elif openai:
        form["model"] = "gpt-4o-transcribe"
    return form


def _speak(recording: Recording) -> str:
    return "wav" if recording.headers["content-type"].endswith("wav") else "mp3"


async def send(simulator: Simulator, http: httpx.AsyncClient, put: Put) -> httpx.Response:
    """Put a request with the catalogue that has its model."""
    model = put.body.get("model", "") if put.body else ""
    simulator.use("reference" if model in (LLAMA, IDS[SCOUT]) else "2026-11")
    if put.fault is not None:
        simulator.faults.add(put.fault)
    headers = {"authorization": f"Bearer {put.key}"}
    if put.file is not None:
        files = {"file": (put.file, (MEDIA / put.file).read_bytes())}
        return await http.post(put.path, data=put.body, files=files, headers=headers)
    if put.body is None:
        return await http.get(put.path, headers=headers)
    return await http.post(put.path, json=put.body, headers=headers)


def day_of(recording: Recording) -> str:
    """The day as ``2025-10-07``; recordings tell it in four ways."""
    told = json.loads((WIRE / f"{recording.name}.json").read_text())["recorded_at"]
    if (day := re.search(r"\d{4}-\d{2}-\d{2}", told)) is not None:
        return day.group()
    if told[:10].isdigit():
        return datetime.fromtimestamp(int(told[:10]), UTC).date().isoformat()
    return parsedate_to_datetime(told).date().isoformat()


def not_allowed(recording: Recording, found: list[str]) -> list[str]:
    day = day_of(recording)
    here = [may for may in ALLOWED if re.fullmatch(may.recording, recording.name) and day < may.before]
    return [line for line in found if not any(re.fullmatch(may.differ, line) for may in here)]


def complete(recording: Recording) -> bool:
    """Whether its recorder kept the headers; several kept two or three."""
    return len(recording.headers) > 8


def test_every_class_of_recordings_is_compared_or_left_out_with_a_reason() -> None:
    classes = {folder.name for folder in WIRE.iterdir() if folder.is_dir()}

    assert classes == {*CASES, *LEFT_OUT}


COMPARED = [recording for recording in recordings() if recording.name.partition("/")[0] in CASES]


@pytest.mark.parametrize("recording", COMPARED, ids=lambda recording: recording.name)
async def test_answer_has_the_recorded_shape(
    recording: Recording, simulator: Simulator, http: httpx.AsyncClient
) -> None:
    put = CASES[recording.name.partition("/")[0]](recording)

    answer = await send(simulator, http, put)

    assert answer.status_code == recording.status
    assert (
        answer.headers["content-type"].partition(";")[0]
        == recording.headers.get("content-type", answer.headers["content-type"]).partition(";")[0]
    )
    ordered = keeps_order(recording)
    if recording.streamed:
        found = stream_differences(recording.body, answer.content, ordered=ordered)
    elif answer.headers["content-type"].startswith("application/json"):
        found = differences(json.loads(recording.body), answer.json(), ordered=ordered)
    else:
        found = []
    assert not_allowed(recording, found) == []


@pytest.mark.parametrize("recording", [*filter(complete, COMPARED)], ids=lambda recording: recording.name)
async def test_answer_has_the_recorded_headers(
    recording: Recording, simulator: Simulator, http: httpx.AsyncClient
) -> None:
    answer = await send(simulator, http, CASES[recording.name.partition("/")[0]](recording))

    only_one_has = {*recording.headers} ^ {*answer.headers}
    assert only_one_has <= {*HEADERS}
    for name in SAME_VALUE:
        if name in recording.headers and day_of(recording) > "2025-07":
            assert answer.headers[name] == recording.headers[name]
