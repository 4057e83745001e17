"""What the page sends when somebody asks: read, checked and turned into a request."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from groq_core.errors import RequestError
from groq_core.events import Note
from groq_core.media.image.signatures import SENDABLE
from groq_core.requests import Caller, ChatRequest, Message
from groq_core.services.vision import FormField, form_question
from groq_core.ui.page_bodies import decode_with_notes

MAX_TURNS = 5000
"""More than any window holds; what does not fit is left out, see :mod:`groq_core.ui.context`."""

MAX_FIELDS = 50
IMAGE_URLS = tuple(f"data:{kind};base64," for kind in sorted(SENDABLE))


JSON_ONLY = "Answer with one JSON object and nothing else."
"""Groq refuses its JSON mode where no message names JSON."""


class PageTurn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One message of the conversation; ``images`` are data URLs that our own preparation made."""

    role: Literal["system", "user", "assistant"]
    text: str
    images: tuple[str, ...] = ()


class PageQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    A conversation to be continued, as the page sends it.

    Attributes:
        temperature: None leaves it to the provider.
        fresh: Neither look in the cache nor store.
        json: The answer is to be one JSON object.
        search: The model may search the web; only models that can are asked.
        fields: What is to be read off the pictures; the answer is then one JSON object with these keys.
        continues: The last turn is an answer that is to go on where it stops.
    """

    turns: tuple[PageTurn, ...]
    model: str = "auto"
    temperature: float | None = None
    max_tokens: int | None = None
    effort: Literal["", "none", "minimal", "low", "medium", "high", "xhigh", "default"] = ""
    fresh: bool = False
    cheap: bool = False
    json: bool = False
    search: bool = False
    fields: tuple[FormField, ...] = ()
    continues: bool = False


def read_question(body: bytes) -> PageQuestion:
    """
    Decode and check a question.

    Raises:
        RequestError: It names the field and the mend.
    """
    return read_question_with_notes(body)[0]


def read_question_with_notes(body: bytes) -> tuple[PageQuestion, tuple[Note, ...]]:
    """The same, with what had to be changed in it."""
    question, notes = decode_with_notes(body, PageQuestion)
    asks = "assistant" if question.continues else "user"
    if not question.turns or question.turns[-1].role != asks:
        raise RequestError("there is no question", param="message", hint="Type a message first.")
    last = question.turns[-1]
    if not last.text.strip() and not last.images:
        raise RequestError("the message is empty", param="message", hint="Type a message first.")
    if len(question.turns) > MAX_TURNS:
        raise RequestError(
            f"the conversation has {len(question.turns)} messages, {MAX_TURNS} can be sent",
            param="turns",
            status=413,
            hint="Clear the conversation and start a new one.",
        )
    if question.temperature is not None and not 0 <= question.temperature <= 2:
        raise RequestError("temperature must be between 0 and 2", param="temperature", hint="Choose 0 to 2.")
    if question.max_tokens is not None and question.max_tokens < 1:
        raise RequestError("the longest answer must be at least 1 token", param="max_tokens", hint="Choose 1 or more.")
    if len(question.fields) > MAX_FIELDS:
        raise RequestError(
            f"{len(question.fields)} fields are asked for, {MAX_FIELDS} can be read at once",
            param="fields",
            hint="Leave some out.",
        )
    for turn in question.turns:
        for url in turn.images:
            if not url.startswith(IMAGE_URLS):
                raise RequestError("a picture is not one we prepared", param="image", hint="Add the picture again.")
    return question, notes


def chat_request(question: PageQuestion, caller: Caller) -> ChatRequest:
    """Put a question into the form everything else understands. The page can take text back, hence revisable."""
    params: dict[str, Any] = {}
    if question.temperature is not None:
        params["temperature"] = question.temperature
    if question.max_tokens is not None:
        params["max_completion_tokens"] = question.max_tokens
    if question.effort:
        params["reasoning_effort"] = question.effort
    turns = question.turns
    if question.search:
        params["tools"] = [{"type": "browser_search"}]
    if question.json:
        params["response_format"] = {"type": "json_object"}
        turns = (PageTurn(role="system", text=JSON_ONLY), *turns)
    if question.fields:
        turns = (*turns[:-1], msgspec.structs.replace(turns[-1], text=form_question(question.fields)))
        params |= {"response_format": {"type": "json_object"}, "temperature": 0}
    return ChatRequest(
        messages=tuple(message(turn) for turn in turns),
        model=question.model.strip() or "auto",
        params=params,
        revisable=True,
        no_store=question.fresh,
        cost_sensitive=question.cheap,
        caller=caller,
    )


def message(turn: PageTurn) -> Message:
    """
    A turn in wire form.

    >>> message(PageTurn(role="user", text="hi"))
    {'role': 'user', 'content': 'hi'}
    """
    if not turn.images:
        return {"role": turn.role, "content": turn.text}
    parts: list[dict[str, Any]] = [{"type": "image_url", "image_url": {"url": url}} for url in turn.images]
    return {"role": turn.role, "content": [{"type": "text", "text": turn.text}, *parts]}
