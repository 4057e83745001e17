"""
Groq's dialect: bodies, chunks, headers and errors as `api.groq.com` sends them in 2026.

Key order, absent keys, escapes and the newline at the end follow the recordings in tests/data/wire.
"""

from __future__ import annotations

from email.utils import formatdate

from groq_core.simulator import builtin
from groq_core.simulator.answer import Frames, SimulatedAnswer
from groq_core.simulator.ids import Ids
from groq_core.simulator.model_profiles import SimModel, listing
from groq_core.simulator.wire_format import Headers, Json, WireError, go_json, header_bytes, token_json

NAME = "groq"
_EDGE = header_bytes(
    {
        "vary": "Origin",
        "x-groq-region": "fra",
        "via": "1.1 google",
        "cf-cache-status": "DYNAMIC",
        "strict-transport-security": "max-age=15552000",
        "server": "cloudflare",
        "alt-svc": 'h3=":443"; ma=86400',
        "x-simulated": "true",
    }
)
_JSON = header_bytes(
    {
        "content-type": "application/json",
        "cache-control": "private, max-age=0, no-store, no-cache, must-revalidate",
    }
)
_SSE = header_bytes({"content-type": "text/event-stream", "cache-control": "no-cache"})
_AS_JSON = b"application/json"


class GroqWire:
    """Bodies and headers of one server; ids come from its generator."""

    name = NAME
    unknown_url = (
        "Unknown request URL: {method} {path}. Please check the URL for typos, or see the docs at "
        "https://console.groq.com/docs/"
    )

    def __init__(self, ids: Ids) -> None:
        self.ids = ids

    def request_id(self) -> str:
        return self.ids.ulid("req")

    def completion_id(self) -> str:
        return self.ids.completion()

    def headers(self, request_id: str, *, kind: str = "json", limits: dict[str, str] | None = None) -> Headers:
        """Response headers; ``kind`` is ``json``, ``sse`` or a content type."""
        if kind == "json":
            content = _JSON
        elif kind == "sse":
            content = _SSE
        else:
            content = [(b"content-type", kind.encode()), _JSON[1]]
        return [
            (b"date", formatdate(usegmt=True).encode()),
            *content,
            *header_bytes(limits or {}),
            (b"x-request-id", request_id.encode()),
            (b"cf-ray", f"{self.ids.hex(16)}-FRA".encode()),
            *_EDGE,
        ]

    def invalid_key(self, key: str) -> WireError:
        return WireError(401, "Invalid API Key", code="invalid_api_key")

    def model_not_found(self, model: str) -> WireError:
        return WireError(
            404, f"The model `{model}` does not exist or you do not have access to it.", code="model_not_found"
        )

    def error_body(self, error: WireError) -> bytes:
        return go_json({"error": error_object(error)}) + b"\n"

    def error_event(self, error: WireError) -> bytes:
        """An error after HTTP 200: a named event, whose status stands in the body only."""
        return (
            b"event: error\ndata: " + go_json({"error": error_object(error) | {"status_code": error.status}}) + b"\n\n"
        )

    def json_body(self, value: object) -> bytes:
        return go_json(value) + b"\n"

    def models(self, models: tuple[SimModel, ...]) -> bytes:
        return self.json_body({"object": "list", "data": [listing(model) for model in models]})

    def model(self, model: SimModel) -> bytes:
        return self.json_body(listing(model))

    def completion(self, answer: SimulatedAnswer) -> Json:
        message: Json = {"role": "assistant"}
        if answer.content is not None:
            message["content"] = answer.text
        if answer.reasoning:
            message["reasoning"] = "".join(answer.reasoning)
        if answer.calls:
            message["tool_calls"] = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for call in answer.calls
            ]
        if answer.executed:
            message["executed_tools"] = answer.executed
        x_groq: Json = {"id": answer.request_id, "seed": answer.seed}
        if answer.error is not None:
            x_groq["error"] = answer.error
        return {
            "id": answer.id,
            "object": "chat.completion",
            "created": answer.created,
            "model": answer.model.id,
            "choices": [
                {"index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish_reason},
            ],
            "usage": usage(answer),
            "usage_breakdown": None,
            "system_fingerprint": answer.fingerprint,
            "x_groq": x_groq,
            "service_tier": answer.service_tier,
        }

    def frames(self, answer: SimulatedAnswer) -> Frames:
        """Every chunk of a streamed answer, encoded; tool calls are whole, one to a chunk."""
        start = (
            b'data: {"id":%b,"object":"chat.completion.chunk","created":%d,"model":%b,"system_fingerprint":%b,'
            % (go_json(answer.id), answer.created, go_json(answer.model.id), go_json(answer.fingerprint))
        )  # fmt: skip
        opening = b'%b"choices":[{"index":0,"delta":' % start
        going_on = b',"logprobs":null,"finish_reason":null}]}\n\n'
        prefix, suffix = opening + b'{"content":', b"}" + going_on

        # Null where nothing but tool calls will come; a model that thinks first says "" even then.
        first = b'"content":""' if answer.content is not None or answer.reasoning else b'"content":null'
        x_groq = go_json({"id": answer.request_id, "seed": answer.seed})
        head = b'%b{"role":"assistant",%b},"logprobs":null,"finish_reason":null}],"x_groq":%b}\n\n' % (
            opening, first, x_groq,
        )  # fmt: skip

        channel = b',"channel":"analysis"' if answer.model.channel else b""
        thinking = opening + b'{"reasoning":'
        body = [thinking + token_json(token) + channel + suffix for token in answer.reasoning]
        for call in answer.executed:
            # Twice: as it begins, and with its output.
            body += [
                opening + go_json({"executed_tools": [c]}) + going_on for c in (builtin.without_result(call), call)
            ]
        body += [prefix + token_json(token) + suffix for token in answer.content or ()]
        for index, made in enumerate(answer.calls):
            function = {"name": made.name, "arguments": made.arguments}
            delta = {"tool_calls": [{"id": made.id, "type": "function", "function": function, "index": index}]}
            body.append(opening + go_json(delta) + going_on)

        used = go_json(usage(answer))
        finish = b'%b{},"logprobs":null,"finish_reason":%b}],"x_groq":{"id":%b,"usage":%b},"usage":%b}\n\n' % (
            opening, go_json(answer.finish_reason), go_json(answer.request_id), used, used,
        )  # fmt: skip
        tail = b""
        if answer.include_usage:
            tail = b'%b"choices":[],"usage":%b,"service_tier":%b}\n\n' % (start, used, go_json(answer.service_tier))
        return Frames(head, body, finish, tail, prefix, suffix)

    def break_off(self, answer: SimulatedAnswer, message: str) -> bytes:
        """A chunk whose ``x_groq.error`` says why nothing more comes."""
        return b"data: %b\n\n" % go_json(
            {
                "id": answer.id,
                "object": "chat.completion.chunk",
                "created": answer.created,
                "model": answer.model.id,
                "system_fingerprint": answer.fingerprint,
                "choices": [{"index": 0, "delta": {}, "logprobs": None, "finish_reason": None}],
                "x_groq": {"id": answer.request_id, "error": message},
            }
        )


def error_object(error: WireError) -> Json:
    """The ``error`` object; what is not known is left out."""
    fields = {"message": error.message, "type": error.type, "param": error.param, "code": error.code}
    shown: Json = {name: value for name, value in fields.items() if value not in (None, "") or name == "message"}
    return shown | error.extra


def usage(answer: SimulatedAnswer) -> Json:
    """Tokens and times; details appear only where there is something to tell."""
    timing = answer.timing
    told: Json = {
        "queue_time": timing.queue,
        "prompt_tokens": answer.prompt_tokens,
        "prompt_time": timing.prompt,
        "completion_tokens": answer.completion_tokens,
        "completion_time": timing.completion,
        "total_tokens": answer.prompt_tokens + answer.completion_tokens,
        "total_time": round(timing.prompt + timing.completion, 9),
    }
    if answer.cached_tokens:
        told["prompt_tokens_details"] = {"cached_tokens": answer.cached_tokens}
    if answer.reasoning_tokens:
        told["completion_tokens_details"] = {"reasoning_tokens": answer.reasoning_tokens}
    return told
