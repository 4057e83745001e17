"""
OpenAI's dialect: indented bodies, nulls that Groq leaves out, tool calls in fragments, usage only when asked for.

Headers and error bodies follow the recordings in tests/data/wire/openai-*.
"""

from __future__ import annotations

from email.utils import formatdate

import msgspec

from groq_core.simulator.answer import Frames, SimulatedAnswer
from groq_core.simulator.ids import Ids
from groq_core.simulator.model_profiles import SimModel
from groq_core.simulator.tokens import split
from groq_core.simulator.wire_format import Headers, Json, WireError, encode, header_bytes

NAME = "openai"
_EDGE = header_bytes(
    {
        "access-control-expose-headers": "CF-Ray, X-Request-ID",
        "openai-version": "2020-10-01",
        "x-openai-proxy-wasm": "v0.1",
        "cf-cache-status": "DYNAMIC",
        "strict-transport-security": "max-age=31536000; includeSubDomains; preload",
        "x-content-type-options": "nosniff",
        "server": "cloudflare",
        "alt-svc": 'h3=":443"; ma=86400',
        "x-simulated": "true",
    }
)
_TYPES = {"json": "application/json", "sse": "text/event-stream; charset=utf-8"}


class OpenAIWire:
    """Bodies and headers of one server; ids come from its generator."""

    name = NAME
    unknown_url = "Invalid URL ({method} {path})"

    def __init__(self, ids: Ids) -> None:
        self.ids = ids

    def request_id(self) -> str:
        return f"req_{self.ids.hex(32)}"

    def completion_id(self) -> str:
        return f"chatcmpl-{self.ids.base62(29)}"

    def headers(self, request_id: str, *, kind: str = "json", limits: dict[str, str] | None = None) -> Headers:
        """Response headers; ``kind`` is ``json``, ``sse`` or a content type."""
        return [
            (b"date", formatdate(usegmt=True).encode()),
            (b"content-type", _TYPES.get(kind, kind).encode()),
            (b"openai-processing-ms", str(self.ids.random.randint(80, 400)).encode()),
            *header_bytes(limits or {}),
            (b"x-request-id", request_id.encode()),
            (b"cf-ray", f"{self.ids.hex(16)}-FRA".encode()),
            *_EDGE,
        ]

    def invalid_key(self, key: str) -> WireError:
        if not key:
            return WireError(
                401,
                "You didn't provide an API key. You need to provide your API key in an Authorization header using "
                "Bearer auth (i.e. Authorization: Bearer YOUR_KEY). You can obtain an API key from "
                "https://platform.openai.com/account/api-keys.",
                headers={"www-authenticate": 'Bearer realm="OpenAI API"'},
            )
        shown = key if len(key) < 12 else f"{key[:3]}{'*' * (len(key) - 7)}{key[-4:]}"
        return WireError(
            401,
            f"Incorrect API key provided: {shown}. You can find your API key at "
            "https://platform.openai.com/account/api-keys.",
            code="invalid_api_key",
            headers={"www-authenticate": 'Bearer realm="OpenAI API"'},
        )

    def model_not_found(self, model: str) -> WireError:
        return WireError(
            404, f"The model `{model}` does not exist or you do not have access to it.", code="model_not_found"
        )

    def error_body(self, error: WireError) -> bytes:
        return self.json_body({"error": error_object(error)})

    def error_event(self, error: WireError) -> bytes:
        return b"data: %b\n\n" % encode({"error": error_object(error)})

    def json_body(self, value: object) -> bytes:
        return msgspec.json.format(encode(value), indent=2) + b"\n"

    def models(self, models: tuple[SimModel, ...]) -> bytes:
        return self.json_body({"object": "list", "data": [_listing(model) for model in models]})

    def model(self, model: SimModel) -> bytes:
        return self.json_body(_listing(model))

    def completion(self, answer: SimulatedAnswer) -> Json:
        message: Json = {"role": "assistant", "content": None if answer.content is None else answer.text}
        if answer.calls:
            message["tool_calls"] = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for call in answer.calls
            ]
        message |= {"refusal": None, "annotations": []}
        return {
            "id": answer.id,
            "object": "chat.completion",
            "created": answer.created,
            "model": answer.model.id,
            "choices": [
                {"index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish_reason},
            ],
            "usage": usage(answer),
            "service_tier": "default",
            "system_fingerprint": answer.fingerprint,
        }

    def frames(self, answer: SimulatedAnswer) -> Frames:
        """Every chunk of a streamed answer, encoded; with usage asked for, each chunk but the last says null."""
        start = (
            b'data: {"id":%b,"object":"chat.completion.chunk","created":%d,"model":%b,"service_tier":"default",'
            b'"system_fingerprint":%b,' % (
                encode(answer.id), answer.created, encode(answer.model.id), encode(answer.fingerprint),
            )
        )  # fmt: skip
        opening = start + b'"choices":[{"index":0,"delta":'
        nothing_yet = b',"usage":null' if answer.include_usage else b""
        # Padding against guessing tokens by their length; its own length varies, its content says nothing.
        going_on = b',"logprobs":null,"finish_reason":null}]%b,"obfuscation":"%b"}\n\n'
        endings = [going_on % (nothing_yet, self.ids.base62(n).encode()) for n in range(2, 16)]
        prefix, suffix = opening + b'{"content":', b"}" + endings[0]

        role: Json = {"role": "assistant", "content": None if answer.content is None else ""}
        if answer.calls and answer.content is None:
            role["tool_calls"] = [_open_call(answer, 0)]
        head = opening + encode(role | {"refusal": None}) + endings[0]

        body = [prefix + encode(t) + b"}" + endings[-1 - min(len(t), 13)] for t in answer.content or ()]
        for index, call in enumerate(answer.calls):
            if index or answer.content is not None:
                body.append(opening + encode({"tool_calls": [_open_call(answer, index)]}) + endings[3])
            for piece in split(call.arguments):
                delta = {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
                body.append(opening + encode(delta) + endings[-1 - min(len(piece), 13)])

        finish = b'%b{},"logprobs":null,"finish_reason":%b}]%b,"obfuscation":"%b"}\n\n' % (
            opening, encode(answer.finish_reason), nothing_yet, self.ids.base62(8).encode(),
        )  # fmt: skip
        tail = b""
        if answer.include_usage:
            tail = b'%b"choices":[],"usage":%b,"obfuscation":"%b"}\n\n' % (
                start, encode(usage(answer)), self.ids.base62(4).encode(),
            )  # fmt: skip
        return Frames(head, body, finish, tail, prefix, suffix)

    def break_off(self, answer: SimulatedAnswer, message: str) -> bytes:
        """OpenAI has no ``x_groq.error``; the nearest is an error object in the stream."""
        return self.error_event(WireError(500, message, type="server_error"))


def error_object(error: WireError) -> Json:
    """The ``error`` object; what is not known is null."""
    shown: Json = {"message": error.message, "type": error.type, "param": error.param, "code": error.code}
    return shown | error.extra


def usage(answer: SimulatedAnswer) -> Json:
    return {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "total_tokens": answer.prompt_tokens + answer.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": answer.cached_tokens, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": answer.reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _open_call(answer: SimulatedAnswer, index: int) -> Json:
    call = answer.calls[index]
    return {"index": index, "id": call.id, "type": "function", "function": {"name": call.name, "arguments": ""}}


def _listing(model: SimModel) -> Json:
    return {"id": model.id, "object": "model", "created": model.created, "owned_by": model.owned_by}
