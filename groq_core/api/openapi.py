"""The API's description for `/openapi.json` and `/docs`: written by hand, as the bodies are read by hand."""

from __future__ import annotations

from typing import Any, Final

from groq_core import __version__
from groq_core.errors import Kind

Schema = dict[str, Any]

_TEXT: Final[Schema] = {"type": "string"}
_NUMBER: Final[Schema] = {"type": "number"}
_WHOLE: Final[Schema] = {"type": "integer"}
_SWITCH: Final[Schema] = {"type": "boolean"}


def _object(properties: dict[str, Schema], *required: str, note: str = "") -> Schema:
    schema: Schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = list(required)
    if note:
        schema["description"] = note
    return schema


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _note(schema: Schema, note: str) -> Schema:
    return {**schema, "description": note}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


_MODEL = _note(_TEXT, "`auto`, a tier (`speed`, `quality`, `vision`, `audio`, `speech`), an id, or `provider:id`.")

_ATTEMPT = _object(
    {
        "provider": _TEXT,
        "model": _TEXT,
        "outcome": {"enum": ["answered", "failed", "cancelled", "skipped"]},
        "error": _or_null({"enum": [str(kind) for kind in Kind]}),
        "status": _or_null(_WHOLE),
        "retry_after_s": _or_null(_NUMBER),
        "started_s": _or_null(_NUMBER),
        "ttft_s": _or_null(_NUMBER),
        "elapsed_s": _or_null(_NUMBER),
        "tokens_out": _WHOLE,
    }
)

SCHEMAS: Final[dict[str, Schema]] = {
    "Error": _object(
        {
            "error": _object(
                {
                    "message": _TEXT,
                    "type": _TEXT,
                    "code": _or_null(_TEXT),
                    "param": _note(_or_null(_TEXT), "The field to mend, e.g. `messages[0].content`."),
                    "hint": _note(_TEXT, "What to do about it."),
                },
                "message",
                "type",
                "code",
                "param",
                "hint",
            )
        },
        "error",
    ),
    "Receipt": _object(
        {
            "request_id": _TEXT,
            "tier": _TEXT,
            "reason": _TEXT,
            "cache": {"enum": ["hit", "miss", "off"]},
            "served_by": _or_null(_object({"provider": _TEXT, "model": _TEXT})),
            "degraded": _SWITCH,
            "attempts": _list(_ATTEMPT),
            "usage": _or_null({"type": "object"}),
            "cost_usd": _or_null(_NUMBER),
        },
        note="Who answered, and after what. Times are seconds.",
    ),
    "ChatRequest": _object(
        {
            "messages": _note(_list({"type": "object"}), "As in OpenAI's API; pictures as data URLs."),
            "model": _MODEL,
            "stream": _SWITCH,
            "stream_options": _object({"include_usage": _SWITCH}),
            "temperature": {**_NUMBER, "minimum": 0, "maximum": 2},
            "top_p": {**_NUMBER, "minimum": 0, "maximum": 1},
            "max_completion_tokens": {**_WHOLE, "minimum": 1},
            "stop": {"anyOf": [_TEXT, {**_list(_TEXT), "maxItems": 4}]},
            "seed": _WHOLE,
            "tools": {**_list({"type": "object"}), "maxItems": 128},
            "tool_choice": {},
            "response_format": {"type": "object"},
            "cost_sensitive": _note(_SWITCH, "Prefer the cheapest model that will do. Not sent upstream."),
            "max_latency_ms": _note(_NUMBER, "Below 100 the fastest tier answers. Not sent upstream."),
        },
        "messages",
    ),
    "ChatCompletion": _object(
        {
            "id": _TEXT,
            "object": {"const": "chat.completion"},
            "created": _WHOLE,
            "model": _note(_TEXT, "The model that really answered."),
            "choices": _list({"type": "object"}),
            "usage": _or_null({"type": "object"}),
            "x_groq_core": _ref("Receipt"),
        }
    ),
    "Recording": _object(
        {
            "file": {"type": "string", "format": "binary"},
            "model": _MODEL,
            "language": _note(_TEXT, "ISO 639-1; left out, the model finds out."),
            "prompt": _note(_TEXT, "Spelling hints."),
            "response_format": {"enum": ["json", "text", "verbose_json", "srt", "vtt"], "default": "json"},
            "temperature": {**_NUMBER, "minimum": 0, "maximum": 1},
            "timestamp_granularities[]": _list({"enum": ["segment", "word"]}),
            "stream": _SWITCH,
        },
        "file",
    ),
    "SpeechRequest": _object(
        {
            "input": _TEXT,
            "model": _MODEL,
            "voice": _TEXT,
            "response_format": {"enum": ["wav"], "default": "wav"},
            "speed": {**_NUMBER, "minimum": 0.25, "maximum": 4},
        },
        "input",
    ),
    "Any": {"type": "object"},
}


def _answers(schema: str, media: str = "application/json", *, ok: str = "The answer.") -> Schema:
    error = {"description": "An error.", "content": {"application/json": {"schema": _ref("Error")}}}
    return {"200": {"description": ok, "content": {media: {"schema": _ref(schema)}}}, "default": error}


def _post(summary: str, schema: str, answers: Schema, media: str = "application/json") -> Schema:
    body = {"required": True, "content": {media: {"schema": _ref(schema)}}}
    return {"post": {"summary": summary, "requestBody": body, "responses": answers}}


def _get(summary: str, answers: Schema, **more: Any) -> Schema:
    return {"get": {"summary": summary, "responses": answers, **more}}


_MODEL_ID = [{"name": "model", "in": "path", "required": True, "schema": _TEXT}]

PATHS: Final[dict[str, Schema]] = {
    "/v1/chat/completions": _post("Continue a conversation", "ChatRequest", _answers("ChatCompletion")),
    "/v1/audio/transcriptions": _post(
        "Write down what is said", "Recording", _answers("Any"), media="multipart/form-data"
    ),
    "/v1/audio/translations": _post(
        "Write down in English what is said", "Recording", _answers("Any"), media="multipart/form-data"
    ),
    "/v1/audio/speech": _post("Speak a text", "SpeechRequest", _answers("Any", "audio/wav")),
    "/v1/models": _get("What can be asked for now", _answers("Any")),
    "/v1/models/{model}": _get("One of them", _answers("Any"), parameters=_MODEL_ID),
    "/v1/status": _get("The state of every target", _answers("Any")),
    "/v1/status/events": _get("The same on every change", _answers("Any", "text/event-stream")),
    "/health": _get("The process serves", _answers("Any"), security=[]),
    "/ready": _get("A request would have a target now", _answers("Any"), security=[]),
    "/metrics": _get("Prometheus metrics", _answers("Any", "text/plain")),
}


def document() -> Schema:
    """The whole description, as OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "groq-core",
            "version": __version__,
            "description": "OpenAI's wire format in front of Groq, with a fallback chain behind it.",
        },
        "paths": PATHS,
        "components": {"schemas": SCHEMAS, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{"token": []}],
    }
