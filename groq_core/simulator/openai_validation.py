"""What OpenAI refuses and Groq does not: parameters of its reasoning models, and its own words for the rest."""

from __future__ import annotations

from groq_core.simulator import types
from groq_core.simulator.model_profiles import SimModel
from groq_core.simulator.tokens import text_of
from groq_core.simulator.validation import schema_fault
from groq_core.simulator.wire_format import Json, bad_request, words

_KNOWN = frozenset(
    words(
        """messages model audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens
    max_tokens metadata modalities n parallel_tool_calls prediction presence_penalty prompt_cache_key
    prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier stop store stream
    stream_options temperature tool_choice tools top_logprobs top_p user verbosity web_search_options"""
    )
)
_ROLES = ("system", "developer", "user", "assistant", "tool", "function")


def check_chat(body: Json, model: SimModel) -> None:
    """
    Check a request to OpenAI.

    Raises:
        WireError: 400, for the first thing that is wrong.
    """
    for name in body:
        if name not in _KNOWN:
            raise bad_request(f"Unrecognized request argument supplied: {name}")
    _types(body)
    messages: list[Json] = body["messages"]
    if not messages:
        raise bad_request(
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
            param="messages",
            code="empty_array",
        )
    for index, message in enumerate(messages):
        role = message.get("role")
        if role not in _ROLES:
            allowed = ", ".join(
                f"'{name}'" for name in ("system", "assistant", "user", "function", "tool", "developer")
            )
            raise bad_request(
                f"Invalid value: '{role}'. Supported values are: {allowed}.",
                param=f"messages[{index}].role",
                code="invalid_value",
            )
    _sampling(body, model)
    _format(body, messages)


def _types(body: Json) -> None:
    wrong = types.mistake(body)
    if wrong is None:
        return
    where = "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in wrong.path).lstrip(".")
    if wrong.missing:
        name = f"{where}.{wrong.missing}".lstrip(".")
        raise bad_request(f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")
    kinds = " or ".join(f"{'an' if kind[0] in 'aio' else 'a'} {kind}" for kind in wrong.expected)
    raise bad_request(f"Invalid type for '{where}': expected {kinds}.", param=where, code="invalid_type")


def _sampling(body: Json, model: SimModel) -> None:
    if model.reasoning:
        if body.get("max_tokens") is not None:
            raise bad_request(
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' "
                "instead.",
                param="max_tokens",
                code="unsupported_parameter",
            )
        if body.get("temperature") not in (None, 1):
            raise bad_request(
                f"Unsupported value: 'temperature' does not support {body['temperature']} with this model. Only the "
                "default (1) value is supported.",
                param="temperature",
                code="unsupported_value",
            )
    elif body.get("reasoning_effort") is not None:
        raise bad_request("Unrecognized request argument supplied: reasoning_effort")
    wanted = body.get("max_completion_tokens") or body.get("max_tokens") or 0
    if wanted > model.max_output:
        raise bad_request(
            f"max_tokens is too large: {wanted}. This model supports at most {model.max_output} completion tokens, "
            f"whereas you provided {wanted}.",
            param="max_tokens",
            code="invalid_value",
        )
    if body.get("n") not in (None, 1):
        raise bad_request("The simulator answers one choice: 'n' must be 1.", param="n", code="invalid_value")
    if (temperature := body.get("temperature")) is not None and not 0 <= temperature <= 2:
        bound = ("maximum", "<= 2") if temperature > 2 else ("minimum", ">= 0")
        raise bad_request(
            f"Invalid 'temperature': decimal {'above' if temperature > 2 else 'below'} {bound[0]} value. Expected a "
            f"value {bound[1]}, but got {temperature} instead.",
            param="temperature",
            code=f"decimal_{'above_max' if temperature > 2 else 'below_min'}_value",
        )


def _format(body: Json, messages: list[Json]) -> None:
    response_format = body.get("response_format") or {}
    for index, tool in enumerate(body.get("tools") or ()):
        function = tool.get("function")
        if tool["type"] == "function" and function is None:
            where = f"tools[{index}].function"
            raise bad_request(f"Missing required parameter: '{where}'.", param=where, code="missing_required_parameter")
        if function and (fault := schema_fault(function.get("parameters") or {})) is not None:
            raise bad_request(
                f"Invalid schema for function '{function['name']}': {fault}",
                param=f"tools[{index}].function.parameters",
                code="invalid_function_parameters",
            )
    if response_format.get("type") == "json_schema":
        spec = response_format.get("json_schema")
        if spec is None:
            where = "response_format.json_schema"
            raise bad_request(f"Missing required parameter: '{where}'.", param=where, code="missing_required_parameter")
        if (fault := schema_fault(spec["schema"])) is not None:
            name = spec.get("name", "")
            raise bad_request(
                f"Invalid schema for response_format '{name}': {fault}",
                param="response_format",
                code="invalid_json_schema",
            )
    if response_format.get("type") == "json_object" and not any(
        "json" in text_of(message.get("content")).lower() for message in messages
    ):
        raise bad_request(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
            param="messages",
        )
