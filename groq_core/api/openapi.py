"""The API's description for `/openapi.json` and `/docs`: what a body may hold is said by whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from groq_core import __version__
from groq_core.api.pages import LISTED, MOST_LISTED
from groq_core.api.schemas import SCHEMAS
from groq_core.api.speech import TYPES
from groq_core.incoming.schema_parts import TEXT, WHOLE, Schema, ref, with_description

JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"
FORM: Final = "multipart/form-data"

ABOUT: Final = (
    "OpenAI's wire format in front of Groq, with a fallback chain behind it. Every path under `/v1` answers under "
    "`/openai/v1` too, which is where Groq's SDK asks; there a chat completion has `x_groq` as well, and answers of "
    "`/v1/chat/completions` and `/v1/responses` carry Groq's `x-ratelimit-*` headers of the model that answers. "
    "HEAD is answered wherever GET is. `x-request-id` in an answer names the request in its receipt and in the log."
)

TOKENS: Final = (
    "A token of `GROQ_CORE_API_TOKENS`, or a key that an admin of this server has made, as `Authorization: Bearer …`. "
    "Where the server has neither, programs on its own machine need none, as long as it listens on a loopback address "
    "only, nobody must sign in to the page and no proxy stands between; nobody else is let in."
)


def _error(about: str, schema: str = "Error", **headers: str) -> Schema:
    answer: Schema = {"description": about, "content": {JSON: {"schema": ref(schema)}}}
    if headers:
        answer["headers"] = {
            name.replace("_", "-"): {"description": text, "schema": TEXT} for name, text in headers.items()
        }
    return answer


_WAIT: Final = "Whole seconds to wait."

ANSWERS: Final[dict[str, Schema]] = {
    "Unauthorized": _error(
        "The token is missing or not one of this server's (`invalid_api_key`); or the server has none, and is closed "
        "to whoever asks (`no_tokens_set`).",
        www_authenticate="`Bearer`.",
    ),
    "Forbidden": _error(
        "The server is not addressed by that name (`foreign_host`), or it needs no token and a page of another origin "
        "asks (`foreign_origin`)."
    ),
    "TooMany": _error(
        "An allowance of the caller's is used up (`limit_reached`), or every target that could answer is at its limit.",
        retry_after=_WAIT,
    ),
    "TooLarge": _error("The body, or what is in it, is too large."),
    "Missing": _error("There is none of that name, or it is not the caller's."),
    "Unavailable": _error(
        "No target could answer, or the server is stopping, or holds as many bytes as it may (`too_many_bytes`).",
        retry_after=_WAIT,
    ),
    "Coding": _error("The body is packed in a way that is not undone here; `gzip` and `deflate` are."),
    "Unfit": _error("What was found does not fit the schema (`does_not_fit`)."),
    "BadPicture": _error("A picture is none, or of a kind that cannot be read."),
    "Full": _error("The server holds as many bytes as it may (`too_many_bytes`).", retry_after=_WAIT),
    "Error": _error("An error."),
}

_ADMISSION: Final = {"401": "Unauthorized", "403": "Forbidden"}
_BODY: Final = {**_ADMISSION, "413": "TooLarge"}
_ASKING: Final = {**_BODY, "429": "TooMany", "503": "Unavailable"}
_KEEPING: Final = {**_BODY, "503": "Full"}
_NAMED: Final = {**_ADMISSION, "404": "Missing"}


def _answers(content: Mapping[str, str], others: Mapping[str, str], ok: str = "The answer.") -> Schema:
    answers: Schema = {
        "200": {"description": ok, "content": {media: {"schema": ref(schema)} for media, schema in content.items()}}
    }
    for status, name in [*sorted(others.items()), ("default", "Error")]:
        answers[status] = {"$ref": f"#/components/responses/{name}"}
    return answers


def _post(summary: str, schema: str, answers: Schema, media: str = JSON, *, upload: str = "") -> Schema:
    """``upload``: the schema of a form that may come instead."""
    content = {media: {"schema": ref(schema)}} | ({FORM: {"schema": ref(upload)}} if upload else {})
    body = {"required": True, "content": content}
    return {"summary": summary, "requestBody": body, "responses": answers}


def _operation(summary: str, answers: Schema, *parameters: Schema) -> Schema:
    operation: Schema = {"summary": summary, "responses": answers}
    if parameters:
        operation["parameters"] = list(parameters)
    return operation


def _open(summary: str, answers: Schema) -> Schema:
    """Answered whoever asks, under whatever name."""
    return {"summary": summary, "responses": answers, "security": []}


def _part(name: str, note: str = "") -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": with_description(TEXT, note) if note else TEXT}


def _query(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "required": False, "schema": schema}


_PAGE: Final = (
    _query("limit", {**WHOLE, "minimum": 1, "maximum": MOST_LISTED, "default": LISTED}),
    _query(
        "after", with_description(TEXT, "The id of the last entry of the page before, which may be gone meanwhile.")
    ),
)
_ORDER: Final = _query("order", {"enum": ["asc", "desc"], "default": "desc"})
_MODEL: Final = _part("model", "An alias, an id, or `provider:id`; its slashes stay as they are.")
_TRANSCRIPT: Final = {JSON: "Transcript", "text/plain": "Text", "text/vtt": "Text", EVENTS: "Events"}
_SPEECH: Final = {**{media.decode(): "Bytes" for media in TYPES.values()}, EVENTS: "Events"}
_READY: Final = {
    "200": {"description": "It would.", "content": {JSON: {"schema": ref("Readiness")}}},
    "503": _error("It would not; `why` says why.", "Readiness", retry_after=_WAIT),
}
_RESPONSE: Final = _part("response_id")
_FILE: Final = _part("file_id")
_BATCH: Final = _part("batch_id")

PATHS: Final[dict[str, dict[str, Schema]]] = {
    "/v1/chat/completions": {
        "post": _post(
            "Continue a conversation",
            "ChatRequest",
            _answers(
                {JSON: "ChatCompletion", EVENTS: "Events"},
                {**_ASKING, "415": "Coding", "422": "BadPicture"},
                "The answer; with `stream`, its chunks as events, `[DONE]` after the last.",
            ),
        )
    },
    "/v1/responses": {
        "post": _post(
            "Continue a conversation, as OpenAI's Responses API does",
            "ResponseRequest",
            _answers(
                {JSON: "ResponseObject", EVENTS: "Events"},
                {**_ASKING, "422": "BadPicture"},
                "The response; with `stream`, its events.",
            ),
        )
    },
    "/v1/responses/{response_id}": {
        "get": _operation("Read a response that is kept", _answers({JSON: "ResponseObject"}, _NAMED), _RESPONSE),
        "delete": _operation("Forget a response", _answers({JSON: "ResponseDeletion"}, _NAMED), _RESPONSE),
    },
    "/v1/responses/{response_id}/input_items": {
        "get": _operation(
            "Read what a response was given",
            _answers({JSON: "Items"}, _NAMED, "Newest first."),
            _RESPONSE,
            *_PAGE,
            _ORDER,
        )
    },
    "/v1/audio/transcriptions": {
        "post": _post("Write down what is said", "Recording", _answers(_TRANSCRIPT, _ASKING), FORM)
    },
    "/v1/audio/translations": {
        "post": _post("Write down in English what is said", "Recording", _answers(_TRANSCRIPT, _ASKING), FORM)
    },
    "/v1/audio/speech": {
        "post": _post("Speak a text", "SpeechRequest", _answers(_SPEECH, _ASKING, "The recording, in its format."))
    },
    "/v1/extract": {
        "post": _post(
            "Find data that fits a schema in a text or a file",
            "ExtractRequest",
            _answers(
                {JSON: "Extraction", EVENTS: "Events"},
                {**_ASKING, "422": "Unfit"},
                "The data; with `stream`, events of type `try` and `partial`, `result` as the last, then `[DONE]`.",
            ),
            upload="ExtractUpload",
        )
    },
    "/v1/agent/runs": {
        "post": _post(
            "Let a model with tools work on a task",
            "AgentRequest",
            _answers(
                {JSON: "AgentRun", EVENTS: "Events"},
                {**_ASKING, "404": "Missing", "422": "Unfit"},
                "How the run ended.",
            ),
        )
    },
    "/v1/files": {
        "post": _post("Hand in a file for a batch", "FileUpload", _answers({JSON: "FileObject"}, _KEEPING), FORM),
        "get": _operation(
            "List your files, newest first",
            _answers({JSON: "Files"}, _ADMISSION),
            *_PAGE,
            _ORDER,
            _query("purpose", TEXT),
        ),
    },
    "/v1/files/{file_id}": {
        "get": _operation("One file", _answers({JSON: "FileObject"}, _NAMED), _FILE),
        "delete": _operation("Delete a file", _answers({JSON: "FileDeletion"}, _NAMED), _FILE),
    },
    "/v1/files/{file_id}/content": {
        "get": _operation("What is in a file", _answers({"application/jsonl": "Bytes"}, _NAMED), _FILE)
    },
    "/v1/batches": {
        "post": _post("Begin a batch", "BatchRequest", _answers({JSON: "Batch"}, {**_KEEPING, "404": "Missing"})),
        "get": _operation("List your batches, newest first", _answers({JSON: "Batches"}, _ADMISSION), *_PAGE, _ORDER),
    },
    "/v1/batches/{batch_id}": {"get": _operation("How far a batch is", _answers({JSON: "Batch"}, _NAMED), _BATCH)},
    "/v1/batches/{batch_id}/cancel": {
        "post": _operation("Ask no further line of a batch", _answers({JSON: "Batch"}, _NAMED), _BATCH)
    },
    "/v1/models": {"get": _operation("What can be asked for now", _answers({JSON: "Models"}, _ADMISSION))},
    "/v1/models/{model}": {"get": _operation("One of them", _answers({JSON: "Model"}, _NAMED), _MODEL)},
    "/v1/status": {"get": _operation("The state of every target", _answers({JSON: "Snapshot"}, _ADMISSION))},
    "/v1/status/events": {"get": _operation("The same on every change", _answers({EVENTS: "Events"}, _ADMISSION))},
    "/health": {
        "get": _open(
            "The process serves", {"200": {"description": "It does.", "content": {JSON: {"schema": ref("Health")}}}}
        )
    },
    "/ready": {"get": _open("A request would have a target now", _READY)},
    "/metrics": {"get": _operation("Prometheus metrics", _answers({"text/plain": "Text"}, _ADMISSION))},
}


def document() -> Schema:
    """The whole description, as OpenAPI 3.1."""
    token: dict[str, Any] = {"type": "http", "scheme": "bearer", "description": TOKENS}
    return {
        "openapi": "3.1.0",
        "info": {"title": "groq-core", "version": __version__, "description": ABOUT},
        "paths": PATHS,
        "components": {"schemas": SCHEMAS, "responses": ANSWERS, "securitySchemes": {"token": token}},
        "security": [{"token": []}, {}],
    }
