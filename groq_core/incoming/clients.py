"""
What clients really send: spellings that differ and mean the same, brought to one; what was changed is noted.

What is left as it came goes on to the checks, which name the field.
"""

from __future__ import annotations

import json
from typing import Any, Final

from groq_core.events import Note
from groq_core.incoming.custom_tools import function_call_of, function_of, is_custom
from groq_core.incoming.field_errors import bad

BOOKKEEPING: Final = frozenset(
    {
        "api_base", "api_key", "api_version", "background_tasks", "base_url", "cache_control", "cache_prompt",
        "caching", "chat_id", "client_id", "client_metadata", "conversation_id", "custom_llm_provider", "drop_params",
        "extra_body", "extra_headers", "extra_query", "generation_id", "headers", "id", "include_usage", "keep_alive",
        "litellm_call_id", "litellm_metadata", "litellm_params", "litellm_session_id", "max_retries", "message_id",
        "metadata", "moderation", "no-log", "num_retries", "organization", "parent_id", "project", "prompt_cache_key",
        "prompt_cache_options", "prompt_cache_retention", "request_id", "request_timeout", "run_id",
        "safety_identifier", "session_id", "span_id", "store", "stream_timeout", "tags", "thread_id", "timeout",
        "trace", "trace_id", "usage", "user", "user_id",
    }
)  # fmt: skip
"""Parameters about the caller's books: no answer is another for them."""

TYPES: Final = {"metadata": dict, "store": bool, "user": str}
"""Those of the caller's books that some server takes; of another type they are passed over like the rest."""

WHOLE: Final = (
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "max_tool_calls",
    "seed",
    "n",
    "top_logprobs",
)


def whole_numbers(params: dict[str, Any]) -> dict[str, Any]:
    """A copy in which a whole number is one, however it was written: `5.0` is 5 to JSON."""
    found = {name: params[name] for name in WHOLE if isinstance(params.get(name), float)}
    # Beyond 2**53 a float no longer says which number was meant.
    return params | {name: int(value) for name, value in found.items() if value.is_integer() and abs(value) <= 2**53}


def mend_params(params: dict[str, Any]) -> tuple[dict[str, Any], list[Note]]:
    """
    Bring parameters to the spelling that every server knows; custom tools become functions.

    Raises:
        RequestError: 400; a custom tool is not what it should be, or a choice names none of the tools.
    """
    params = whole_numbers(params)
    notes: list[Note] = []
    for name in ("max_tokens", "max_completion_tokens"):
        value = params.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value in (-1, 0):
            del params[name]
            notes.append(Note(code="max_tokens_left_out", text=f"`{name}` of {value} was taken as no limit"))
    mend_stop(params)
    for name, kind in TYPES.items():
        if params.get(name) is not None and not isinstance(params[name], kind):
            del params[name]
            notes.append(Note(code="parameter_passed_over", text=f"`{name}` was passed over: it changes no answer"))
    _mend_functions(params)
    if isinstance(params.get("tools"), list):
        params["tools"] = [_mend_tool(tool, f"tools[{index}]") for index, tool in enumerate(params["tools"])]
    mend_choice(params)
    _mend_format(params)
    return params, notes


def mend_stop(params: dict[str, Any]) -> None:
    """Leave out words to stop at that are none."""
    stop = params.get("stop")
    if isinstance(stop, list):
        stop = params["stop"] = [word for word in stop if word not in ("", None)]
    if stop in ("", []):
        del params["stop"]


def _mend_functions(params: dict[str, Any]) -> None:
    """What was called functions, and the choice among them, are tools and theirs."""
    functions, call = params.get("functions"), params.get("function_call")
    if isinstance(functions, list) and functions and not params.get("tools"):
        params["tools"] = [{"type": "function", "function": one} for one in functions]
        if call is not None and params.get("tool_choice") is None:
            params["tool_choice"] = call
    if functions is None or isinstance(functions, list):
        params.pop("functions", None)
        params.pop("function_call", None)


def _mend_tool(tool: Any, path: str) -> Any:
    if is_custom(tool):
        return function_of(tool, path)
    match tool:
        case {"function": dict()} if tool.get("type") is None:
            return tool | {"type": "function"}
        case {"name": str(), "input_schema": schema} if tool.get("type") in (None, "custom", "function"):
            named = {name: tool[name] for name in ("name", "description") if name in tool}
            return {"type": "function", "function": named | {"parameters": schema}}
        case {"name": str()} if tool.get("type") in (None, "function") and "function" not in tool:
            known = ("name", "description", "parameters", "strict")
            return {"type": "function", "function": {name: tool[name] for name in known if name in tool}}
        case _:
            return tool


def _mend_format(params: dict[str, Any]) -> None:
    form: Any = params.get("response_format")
    match form:
        case "text" | "json_object":
            params["response_format"] = {"type": form}
        case {"type": "json_schema", "schema": dict()} if form.get("json_schema") is None:
            inner = {name: one for name, one in form.items() if name != "type"}
            params["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer"} | inner}
        case {"type": "json_schema", "json_schema": {"schema": dict()} as inner} if inner.get("name") in (None, ""):
            params["response_format"] = form | {"json_schema": inner | {"name": "answer"}}


MODES: Final = {"auto": "auto", "none": "none", "required": "required", "any": "required"}


def mend_choice(params: dict[str, Any]) -> None:
    """
    Bring a choice among the tools to one of three words or the name of a function.

    Raises:
        RequestError: 400; a tool that is chosen or allowed is not among those offered.
    """
    choice = params.get("tool_choice")
    if isinstance(choice, str) and choice.strip():
        mode = MODES.get(choice.strip().lower())
        if mode is None and choice.strip() in _offered(params):
            params["tool_choice"] = {"type": "function", "function": {"name": choice.strip()}}
        else:
            params["tool_choice"] = mode or choice
    elif isinstance(choice, str | None) or choice in ({}, []):
        params.pop("tool_choice", None)
    if not isinstance(choice, dict) or not choice:
        return
    named = choice.get("function", choice.get("custom", choice))
    name = named if isinstance(named, str) else named.get("name") if isinstance(named, dict) else None
    kind = choice.get("type")
    if kind == "custom" and isinstance(name, str) and name not in _offered(params):
        path = "tool_choice.custom.name" if isinstance(choice.get("custom"), dict) else "tool_choice.name"
        raise bad(path, "`tool_choice` names a tool that is not among `tools`")
    if kind == "allowed_tools":
        _allow(params, choice)
    elif name is None and (mode := _mode(kind) or (_mode(choice.get("mode")) if kind is None else None)) is not None:
        params["tool_choice"] = mode
    elif kind in (None, "function", "tool", "custom") and isinstance(name, str):
        params["tool_choice"] = {"type": "function", "function": {"name": name}}


def _offered(params: dict[str, Any]) -> set[str]:
    """The names of the tools."""
    tools = params.get("tools")
    return {_tool_name(tool) for tool in tools} if isinstance(tools, list) else set()


def _mode(word: object) -> str | None:
    return MODES.get(word.strip().lower()) if isinstance(word, str) else None


def _allow(params: dict[str, Any], choice: dict[str, Any]) -> None:
    """
    Offer only the tools that are allowed, and choose among them by the mode.

    Raises:
        RequestError: 400; one that is allowed is not among the tools.
    """
    inner = choice.get("allowed_tools")
    allowed = inner if isinstance(inner, dict) else choice
    listed, tools = allowed.get("tools"), params.get("tools")
    params["tool_choice"] = _mode(allowed.get("mode")) or "auto"
    if not isinstance(listed, list) or not isinstance(tools, list):
        return
    names = {_tool_name(tool) for tool in listed}
    if not listed or not names <= {_tool_name(tool) for tool in tools}:
        path = "tool_choice.allowed_tools.tools" if allowed is inner else "tool_choice.tools"
        raise bad(path, f"`{path}` must name one or more of `tools`, and nothing else")
    params["tools"] = [tool for tool in tools if _tool_name(tool) in names]


def _tool_name(tool: object) -> str:
    if isinstance(tool, str):
        return tool
    if not isinstance(tool, dict):
        return ""
    named = next((tool[field] for field in ("function", "custom") if isinstance(tool.get(field), dict)), None)
    found = tool.get("name") or tool.get("type") if named is None else named.get("name")
    return found if isinstance(found, str) else ""


# ── the conversation ─────────────────────────────────────────────────────────────────────────────────


PLAIN: Final = {"role", "content"}
"""Fields of a message in which there is nothing to mend where both are texts."""


def mend_messages(messages: Any) -> Any:
    """
    Bring a conversation to the wire of today.

    An answer, a result or an old question without text is an empty one; `function_call` and the role `function`
    become calls and their results; a refusal becomes the text it is; an address of a picture may stand alone.
    """
    if not isinstance(messages, list):
        return messages
    newest = max(
        (i for i, one in enumerate(messages) if isinstance(one, dict) and one.get("role") == "user"), default=0
    )
    mended: list[Any] = []
    pending: list[str] = []
    for index, message in enumerate(messages):
        if not isinstance(message, dict):
            mended.append(message)
            continue
        if message.keys() == PLAIN and isinstance(message["content"], str) and message["role"] in ("user", "system"):
            mended.append(dict(message))
            continue
        message = dict(message)
        if isinstance(role := message.get("role"), str):
            message["role"] = role.lower()
        message = _mend_function(message, index, pending)
        message = _mend_calls(message, index, pending)
        message = _mend_content(message, old=index < newest)
        mended.append(message)
    return mended


def _mend_function(message: dict[str, Any], index: int, pending: list[str]) -> dict[str, Any]:
    """Turn a function call of old into a call with an id, and its result into that call's."""
    called = message.get("function_call")
    if message.get("role") == "assistant" and isinstance(called, dict) and not message.get("tool_calls"):
        id = f"call_{index}"
        pending.append(id)
        message["tool_calls"] = [{"id": id, "type": "function", "function": called}]
        del message["function_call"]
    elif message.get("role") == "function" and pending:
        message["role"], message["tool_call_id"] = "tool", pending.pop(0)
        message.pop("name", None)
    return message


def _mend_calls(message: dict[str, Any], index: int, pending: list[str]) -> dict[str, Any]:
    """Arguments are text however they came, and so are ids; who gives none means the calls in their order."""
    calls = message.get("tool_calls")
    if isinstance(calls, list):
        message["tool_calls"] = calls = [mend_call(call, f"call_{index}_{place}") for place, call in enumerate(calls)]
        pending[:] = [call["id"] for call in calls if isinstance(call, dict) and isinstance(call.get("id"), str)]
    if message.get("role") == "tool" and message.get("tool_call_id") in (None, "") and pending:
        message["tool_call_id"] = pending.pop(0)
    if isinstance(id := message.get("tool_call_id"), int) and not isinstance(id, bool):
        message["tool_call_id"] = str(id)
    if message.get("tool_call_id") in pending:
        pending.remove(message["tool_call_id"])
    return message


def mend_call(call: Any, id_if_none: str) -> Any:
    """A call of a function whose id and arguments are text, whatever they came as."""
    match call := function_call_of(call):
        case {"function": {"name": str()} as function}:
            call = call | {"type": call.get("type") or "function"}
            arguments = function.get("arguments")
            if arguments is None:
                call["function"] = function | {"arguments": "{}"}
            elif isinstance(arguments, dict | list):
                call["function"] = function | {"arguments": json.dumps(arguments, ensure_ascii=False)}
            if (id := call.get("id")) in (None, ""):
                call["id"] = id_if_none
            elif isinstance(id, int) and not isinstance(id, bool):
                call["id"] = str(id)
    return call


def _mend_content(message: dict[str, Any], *, old: bool) -> dict[str, Any]:
    role, content = message.get("role"), message.get("content")
    if role in ("user", "assistant", "system", "developer") and isinstance(content, dict):
        content = [content]  # one part without a list around it
    if isinstance(content, list):
        message["content"] = [mend_part(part) for part in content]
    elif role in ("tool", "function") and isinstance(content, dict | int | float):
        message["content"] = json.dumps(content, ensure_ascii=False)
    elif content is None:
        refusal = message.get("refusal")
        silent = role == "assistant" and not message.get("tool_calls")
        if role == "assistant" and isinstance(refusal, str) and refusal:
            message["content"] = refusal
        elif silent or role in ("tool", "function", "system", "developer") or (role == "user" and old):
            message["content"] = ""
    if message.get("content") == [] and (old or role != "user"):
        message["content"] = ""
    return message


def mend_part(part: Any) -> Any:
    """A part of a message as the wire has it, whichever API spelled it; another as it came."""
    match part:
        case {"type": "refusal", "refusal": str() | None}:
            return {"type": "text", "text": part["refusal"] or ""}
        case {"type": "image_url" | "input_image" | "image", "image_url": str() | dict()}:
            return _picture(part["image_url"], part)
        case {"type": "image_url" | "image", "url": str(url)} | {"type": "image", "image": str(url)}:
            return _picture(url, part)
        case {"type": "image", "source": {"type": "base64", "media_type": str(kind), "data": str(data)}}:
            return _picture(f"data:{kind};base64,{data}", part)
        case {"type": "image", "source": {"type": "url", "url": str(url)}}:
            return _picture(url, part)
        case {"type": "input_text" | "output_text" | None, "text": str()} | {"type": "text", "text": None}:
            return part | {"type": "text", "text": part["text"] or ""}
        case {"text": str()} if "type" not in part:
            return part | {"type": "text"}
        case str():
            return {"type": "text", "text": part}
        case _:
            return part


def _picture(image: str | dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """A picture's part as the wire has it: a detail that is none, and blanks around an address, are left out."""
    found: dict[str, Any] = {"url": image, "detail": part.get("detail")} if isinstance(image, str) else dict(image)
    if isinstance(url := found.get("url"), str):
        found["url"] = url.strip()
    if found.get("detail") is None:
        found.pop("detail", None)
    return {"type": "image_url", "image_url": found}
