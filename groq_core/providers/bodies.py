"""Messages and parameters in the form a server accepts: what it would refuse is mended here, and said in a note."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from groq_core.events import Note
from groq_core.models.spec import Capability, ModelSpec
from groq_core.requests import ChatRequest, Message

IMAGE_LEFT_OUT = "[image left out: this model reads text only]"

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""Values of ``reasoning_effort``, least first; ``default`` stands outside the order."""


def wire_messages(messages: Iterable[Message], spec: ModelSpec, fields: Collection[str]) -> list[Message]:
    """
    Reduce messages to what a server accepts.

    Groq answers 400 to a field it does not know, and a page's messages carry ids, times and metadata. A list of
    texts becomes one text, since some roles and some servers take nothing else.

    Args:
        fields: Names a message may have beside ``role`` and ``content``.
    """
    sees = spec.can(Capability.VISION)
    return [_wire_message(message, fields, sees) for message in messages]


def _wire_message(message: Message, fields: Collection[str], sees: bool) -> Message:
    wire: Message = {"role": message.get("role", "user")}
    content = message.get("content")
    if isinstance(content, list):
        content = _wire_content(content, sees)
    if content is not None or not message.get("tool_calls"):
        wire["content"] = content if content is not None else ""
    if calls := message.get("tool_calls"):
        wire["tool_calls"] = [_wire_call(call) for call in calls]
    for field in fields:
        if (value := message.get(field)) is not None:
            wire[field] = value
    return wire


def _wire_content(parts: list[Any], sees: bool) -> str | list[Any]:
    wire = [_wire_part(part, sees) for part in parts]
    if all(isinstance(part, dict) and part.get("type") == "text" for part in wire):
        return "\n".join(str(part.get("text", "")) for part in wire)
    return wire


def _wire_part(part: Any, sees: bool) -> Any:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    if not isinstance(part, dict):
        return part
    match part.get("type"):
        case "text":
            return {"type": "text", "text": part.get("text", "")}
        case "image_url" if sees:
            image = part.get("image_url")
            if isinstance(image, dict):
                image = {name: image[name] for name in ("url", "detail") if image.get(name) is not None}
            return {"type": "image_url", "image_url": image if isinstance(image, dict) else {"url": image}}
        case "image_url":
            return {"type": "text", "text": IMAGE_LEFT_OUT}
    return part


def _wire_call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call.get("function") or {}
    return {
        "id": call.get("id", ""),
        "type": "function",
        "function": {"name": function.get("name", ""), "arguments": function.get("arguments") or "{}"},
    }


def says_nothing(name: str, value: object) -> bool:
    """Whether a parameter has the value it would have if it were not sent."""
    if name in {"n", "temperature", "top_p"}:
        return value == 1
    return value is None or value is False or value in ({}, [], 0, "")


def assemble_body(
    request: ChatRequest, spec: ModelSpec, params: Mapping[str, Any], fields: Collection[str], notes: list[Note]
) -> dict[str, Any]:
    """
    The whole body of a chat, with parameters that are fitted already; what is left out of it is added to ``notes``.

    Args:
        fields: Of a message, those the server takes.
    """
    if request.needs.images and not spec.can(Capability.VISION):
        notes.append(Note(code="images_left_out", text=f"{spec.id} reads text only: the images were left out"))
    messages = wire_messages(request.messages, spec, fields)
    body = {"messages": messages, "model": spec.id, "stream": request.stream, **params}
    if request.stream:
        body["stream_options"] = {"include_usage": True}
    else:
        body.pop("stream_options", None)
    return body


def only_accepted(
    params: Mapping[str, Any], accepted: Collection[str], server: str
) -> tuple[dict[str, Any], list[Note]]:
    """
    Leave out parameters a server refuses.

    Returns:
        The rest, and a note for each that would have meant something.
    """
    kept, notes = {}, []
    for name, value in params.items():
        if value is None:
            continue
        if name in accepted:
            kept[name] = value
        elif not says_nothing(name, value):
            notes.append(Note(code="parameter_left_out", text=f"{server} does not take `{name}`: it was left out"))
    return kept, notes


def limit_max_tokens(params: dict[str, Any], spec: ModelSpec, name: str) -> list[Note]:
    """Bring the bound on new tokens under the one name the server knows, no larger than the model allows."""
    asked = params.pop("max_completion_tokens", None)
    old = params.pop("max_tokens", None)
    asked = old if asked is None else asked
    if not isinstance(asked, int) or isinstance(asked, bool):
        return []
    if spec.max_output and asked > spec.max_output:
        params[name] = spec.max_output
        text = f"{spec.id} writes at most {spec.max_output} tokens: the bound of {asked} was lowered"
        return [Note(code="max_tokens_lowered", text=text)]
    params[name] = asked
    return []


def fitting_effort(params: dict[str, Any], spec: ModelSpec) -> list[Note]:
    """Bring ``reasoning_effort`` to the nearest value the model takes; out where it takes none."""
    asked = params.pop("reasoning_effort", None)
    fitting = _effort(asked, spec, with_tools=bool(params.get("tools")))
    if fitting:
        params["reasoning_effort"] = fitting
    if not fitting and spec.efforts and asked not in (None, "", "default", *EFFORTS):
        text = f"nobody knows a `reasoning_effort` of {str(asked)[:40]!r}: it was left out"
        return [Note(code="parameter_left_out", text=text)]
    if asked is None or not fitting or fitting == asked:
        return []
    return [Note(code="effort_changed", text=f"{spec.id} was asked with effort `{fitting}` instead of `{asked}`")]


def _effort(asked: Any, spec: ModelSpec, *, with_tools: bool) -> str:
    if with_tools and spec.effort_with_tools:
        return spec.effort_with_tools
    if asked in spec.efforts:
        return str(asked)
    levels = [effort for effort in spec.efforts if effort in EFFORTS]
    if asked not in EFFORTS or not levels:
        return ""
    return min(levels, key=lambda level: abs(EFFORTS.index(level) - EFFORTS.index(asked)))
