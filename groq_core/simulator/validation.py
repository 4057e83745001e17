"""
Strict validation of chat requests, in Groq's own words where they are known (recordings and public threads).

Groq refuses unknown keys at the top level and in messages, so a client that adds fields of its own learns it here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jsonschema

from groq_core.simulator import builtin, types
from groq_core.simulator.model_profiles import SimModel
from groq_core.simulator.tokens import text_of
from groq_core.simulator.wire_format import Json, WireError, bad_request, decode, encode, words

TOP_LEVEL = frozenset(
    words(
        """messages model max_completion_tokens max_tokens temperature top_p stop seed n stream stream_options tools
    tool_choice parallel_tool_calls response_format reasoning_effort reasoning_format include_reasoning service_tier
    disable_tool_validation citation_options documents search_settings compound_custom frequency_penalty
    presence_penalty logprobs top_logprobs logit_bias metadata store user functions function_call debug
    include_domains exclude_domains"""
    )
)
MESSAGE_KEYS = {
    "system": frozenset({"role", "content", "name"}),
    "developer": frozenset({"role", "content", "name"}),
    "user": frozenset({"role", "content", "name"}),
    "assistant": frozenset(
        {"role", "content", "name", "tool_calls", "function_call", "reasoning", "executed_tools", "annotations"}
    ),
    "tool": frozenset({"role", "content", "name", "tool_call_id"}),
    "function": frozenset({"role", "content", "name"}),
}
_RANGES = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "frequency_penalty": (-2, 2),
    "presence_penalty": (-2, 2),
}
_UNSUPPORTED = ("logprobs", "top_logprobs", "logit_bias", "metadata")
MAX_TOOLS = 128
_NEAR = 4


def check_chat(body: Json, model: SimModel) -> None:
    """
    Check a request to Groq.

    Raises:
        WireError: 400, for the first thing that is wrong.
    """
    for check in (_top_level, _types, _numbers, _messages, _pictures, _output, _reasoning, _tools, _format):
        check(body, model)


def unsupported_message(name: str, known: list[str]) -> str:
    """
    What Groq says of a key it does not know; the nearest known one within four edits is offered.

    >>> unsupported_message("store", ["stop", "seed"]), unsupported_message("id", ["content", "name", "role"])
    ("property 'store' is unsupported, did you mean 'stop'?", "property 'id' is unsupported, did you mean 'name'?")
    >>> unsupported_message("reasoning_content", ["reasoning"])
    "property 'reasoning_content' is unsupported"
    """
    distance, nearest = min(((_edits(name, other), other) for other in known if len(other) > 1), default=(9, ""))
    return f"property '{name}' is unsupported" + (f", did you mean '{nearest}'?" if distance <= _NEAR else "")


def _edits(a: str, b: str) -> int:
    """Levenshtein distance."""
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        above, row[0] = row[0], i
        for j, right in enumerate(b, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (left != right))
    return row[-1]


def _top_level(body: Json, model: SimModel) -> None:
    for name in body:
        if name not in TOP_LEVEL:
            raise bad_request(unsupported_message(name, sorted(TOP_LEVEL)))
    for name in _UNSUPPORTED:
        if body.get(name) not in (None, False):
            raise bad_request(f"`{name}` is not supported with this model", param=name)
    if body.get("store") not in (None, False):
        raise bad_request("property 'store' is unsupported, did you mean 'stop'?")


def _types(body: Json, model: SimModel) -> None:
    wrong = types.mistake(body)
    if wrong is None:
        return
    where = ".".join(wrong.path)
    if wrong.missing:
        raise bad_request((f"'{where}' : " if where else "") + f"property '{wrong.missing}' is missing")
    kinds = [f"value must be {'an' if kind[0] in 'aio' else 'a'} {kind}" for kind in wrong.expected]
    if len(kinds) == 1:
        raise bad_request(f"'{where}' : {kinds[0]}")
    raise bad_request(f"'{where}' : one of the following must be satisfied[{' OR '.join(kinds)}]")


def _numbers(body: Json, model: SimModel) -> None:
    if body.get("n") not in (None, 1):
        raise bad_request("'n' : number must be at most 1", param="n")
    for name, (low, high) in _RANGES.items():
        value = body.get(name)
        if value is not None and value < low:
            raise bad_request(f"'{name}' : number must be at least {low}")
        if value is not None and value > high:
            raise bad_request(f"'{name}' : number must be at most {high}")
    if isinstance(stop := body.get("stop"), list) and len(stop) > 4:
        raise bad_request("'stop' : maximum number of items is 4")


def _messages(body: Json, model: SimModel) -> None:
    messages = body["messages"]
    if not messages:
        raise bad_request("'messages' : minimum number of items is 1")
    for index, message in enumerate(messages):
        where = f"messages.{index}"
        role = message.get("role")
        if role is None:
            raise bad_request(f"'{where}' : discriminator property 'role' is missing")
        if role not in MESSAGE_KEYS:
            raise bad_request(
                f"'{where}' : discriminator property 'role' has invalid value '{role}'",
            )
        _message(message, where, role, index, model)


def _message(message: Json, where: str, role: str, index: int, model: SimModel) -> None:
    def refuse(what: str) -> WireError:
        return bad_request(f"'{where}' : for 'role:{role}' the following must be satisfied[({what})]")

    for name in message:
        if name not in MESSAGE_KEYS[role]:
            raise refuse(f"'{where}' : {unsupported_message(name, sorted(MESSAGE_KEYS[role]))}")
    content = message.get("content")
    if role == "assistant":
        if content is None and not message.get("tool_calls") and not message.get("function_call"):
            raise refuse(f"'{where}' : property 'content' is missing")
    elif "content" not in message:
        raise refuse(f"'{where}' : property 'content' is missing")
    elif content is None:
        raise refuse(f"'{where}.content' : value must be a string")
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        raise refuse(f"'{where}' : property 'tool_call_id' is missing")
    if isinstance(content, list) and role not in ("tool", "function"):
        _parts(content, where, role, index, model, refuse)
    elif content is not None and not isinstance(content, str):
        raise refuse(f"'{where}.content' : value must be a string")


def _parts(
    parts: list[Any], where: str, role: str, index: int, model: SimModel, refuse: Callable[[str], WireError]
) -> None:
    for number, part in enumerate(parts):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "text" and isinstance(part.get("text"), str):
            continue
        if kind == "image_url" and role == "user":
            if not model.images:
                raise bad_request(f"messages[{index}].content must be a string")
            url = part.get("image_url")
            if not isinstance(url, dict) or not isinstance(url.get("url"), str):
                raise refuse(f"'{where}.content.{number}.image_url.url' : value must be a string")
            continue
        raise refuse(
            f"'{where}.content' : one of the following must be satisfied[('{where}.content.{number}.type' : "
            f"value is not one of the allowed values ['text','image_url'])]"
        )


def _pictures(body: Json, model: SimModel) -> None:
    count = sum(
        1
        for message in body["messages"]
        if isinstance(message.get("content"), list)
        for part in message["content"]
        if part.get("type") == "image_url"
    )
    if count > model.images and model.images:
        raise bad_request(
            f"Too many images provided. This model supports up to {model.images} images", code="too_many_images"
        )


def _output(body: Json, model: SimModel) -> None:
    for name in ("max_completion_tokens", "max_tokens"):
        value = body.get(name)
        if value is None:
            continue
        if value < 1:
            raise bad_request(f"'{name}' : number must be at least 1", param=name)
        if value > model.max_output:
            raise bad_request(
                f"`{name}` must be less than or equal to `{model.max_output}`, the maximum value for `{name}` is "
                "less than the `context_window` for this model",
                param=name,
            )


def _reasoning(body: Json, model: SimModel) -> None:
    effort = body.get("reasoning_effort")
    if effort is not None:
        if not model.reasoning:
            raise bad_request("`reasoning_effort` is not supported with this model", param="reasoning_effort")
        if effort not in model.efforts:
            allowed = ", ".join(f"`{value}`" for value in sorted(model.efforts))
            raise bad_request(f"`reasoning_effort` must be one of {allowed}", param="reasoning_effort")
    shape = body.get("reasoning_format")
    if shape is not None:
        if not model.reasoning:
            raise bad_request("`reasoning_format` is not supported with this model", param="reasoning_format")
        if shape not in ("parsed", "raw", "hidden"):
            raise bad_request("`reasoning_format` must be one of `parsed`, `raw`, `hidden`", param="reasoning_format")
        if body.get("include_reasoning") is not None:
            raise bad_request(
                "cannot specify both `reasoning_format` and `include_reasoning`", param="reasoning_format"
            )
        if shape == "raw" and (body.get("tools") or _wants_json(body)):
            raise bad_request(
                "`reasoning_format` `raw` is not supported with tool calling or JSON mode", param="reasoning_format"
            )
    tier = body.get("service_tier")
    if tier not in (None, "auto", "on_demand", "flex", "performance"):
        raise bad_request("'service_tier' : value is not one of the allowed values", param="service_tier")


def _tools(body: Json, model: SimModel) -> None:
    tools = body.get("tools")
    choice = body.get("tool_choice")
    if not tools:
        if choice not in (None, "none", "auto"):
            raise bad_request("`tool_choice` requires `tools`", param="tool_choice")
        return
    if not model.tools:
        raise bad_request("`tool calling` is not supported with this model")
    if len(tools) > MAX_TOOLS:
        raise bad_request(f"'tools' : maximum number of items is {MAX_TOOLS}")
    names = set()
    for index, tool in enumerate(tools):
        kind = tool["type"]
        if kind in builtin.TYPES and not model.builtin:
            raise bad_request(f"`{kind}` is not supported with this model", param="tools")
        if kind in (*builtin.TYPES, "mcp"):
            continue
        function = tool.get("function")
        if kind != "function" or function is None:
            raise bad_request(f"'tools.{index}.function.name' : value must be a string")
        names.add(function["name"])
        if (fault := schema_fault(function.get("parameters") or {})) is not None:
            where = f"tool {function['name']}, tools[{index}].function.parameters"
            raise bad_request(f"invalid JSON schema for {where}: {fault}")
    if isinstance(choice, dict):
        wanted = choice["function"]["name"]
        if wanted not in names:
            raise bad_request(f"tool choice: requested tool '{wanted}' is not in request.tools", param="tool_choice")
    elif choice not in (None, "none", "auto", "required"):
        raise bad_request("'tool_choice' : value is not one of the allowed values ['none','auto','required']")


def _format(body: Json, model: SimModel) -> None:
    response_format = body.get("response_format")
    if response_format is None:
        return
    kind = response_format["type"]
    if kind not in ("text", "json_object", "json_schema"):
        raise bad_request(
            "'response_format.type' : value is not one of the allowed values ['text','json_object','json_schema']"
        )
    if kind == "text":
        return
    if body.get("tools"):
        raise bad_request("json mode cannot be combined with tool/function calling", param="response_format")
    if kind == "json_object":
        if not any("json" in text_of(message.get("content")).lower() for message in body["messages"]):
            raise bad_request(
                "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
            )
        return
    if not model.json_schema:
        raise bad_request(
            "This model does not support response format `json_schema`. See supported models at "
            "https://console.groq.com/docs/structured-outputs#supported-models",
            param="response_format",
        )
    spec = response_format.get("json_schema")
    if spec is None:
        raise bad_request("'response_format.json_schema.schema' : value must be an object", param="response_format")
    if (fault := schema_fault(spec["schema"])) is not None:
        raise bad_request(
            f"invalid JSON schema for response_format: '{spec.get('name', '')}': {fault}", param="response_format"
        )
    if spec.get("strict"):
        check_strict(spec["schema"], str(spec.get("name", "")), "")


def schema_fault(schema: object) -> str | None:
    """Why a value is no JSON schema, with the place; None when it is one."""
    return _schema_fault(encode(schema))


@lru_cache(maxsize=256)
def _schema_fault(encoded: bytes) -> str | None:
    schema = decode(encoded)
    if not isinstance(schema, dict):
        return "/: value must be an object"
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        return f"/{'/'.join(map(str, error.path))}: {error.message}"
    except RecursionError:
        return "/: value is nested too deeply"
    return None


def check_strict(schema: Any, name: str, path: str) -> None:
    """
    The rules of strict mode: every object closed, every property required.

    Raises:
        WireError: 400, with the place in the schema.
    """
    if isinstance(schema, list):
        for index, item in enumerate(schema):
            check_strict(item, name, f"{path}/{index}")
        return
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object" or "properties" in schema:
        where = path or "/"
        properties = schema.get("properties") or {}
        if schema.get("additionalProperties") is not False:
            raise _schema_error(
                name, where, "additionalProperties:false must be set on every object", "additionalProperties"
            )
        if set(schema.get("required") or ()) != set(properties):
            raise _schema_error(
                name,
                where,
                "`required` is required to be supplied and to be an array including every key in properties",
                "required",
            )
        for key, value in properties.items():
            check_strict(value, name, f"{path}/properties/{key}")
    for key in ("items", "anyOf", "oneOf", "allOf"):
        if key in schema:
            check_strict(schema[key], name, f"{path}/{key}")
    for key in ("$defs", "definitions"):
        for inner, value in (schema.get(key) or {}).items():
            check_strict(value, name, f"{path}/{key}/{inner}")


def _schema_error(name: str, where: str, rule: str, kind: str) -> WireError:
    return bad_request(
        f"invalid JSON schema for response_format: '{name}': {where}: {rule}",
        param="response_format",
        schema_kind=kind,
        schema_path=where,
    )


def _wants_json(body: Json) -> bool:
    shape = body.get("response_format")
    return isinstance(shape, dict) and shape.get("type") in ("json_object", "json_schema")
