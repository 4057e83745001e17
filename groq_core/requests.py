"""
What can be asked: a chat (with or without pictures), a transcription, a speech.

A request is frozen. Messages and sampling parameters stay in the wire's own form, since that is what people
send us and what we send on; what the pipeline has to decide on is read from them once, as :class:`Needs`.
"""

from __future__ import annotations

import os
import time
from functools import cached_property, lru_cache
from typing import Any, Final, Literal, TypeAlias

import msgspec
from ulid.base32 import ENCODE

from groq_core.events import Outlet
from groq_core.redaction import Secret

Message: TypeAlias = dict[str, Any]
"""A message in wire form: ``role`` and ``content`` (text, or a list of ``text`` and ``image_url`` parts)."""

Operation: TypeAlias = Literal["chat", "transcription", "translation", "speech"]


def new_request_id() -> str:
    """
    Make an id that sorts by time: ``gc_`` and a ULID (48 bits of milliseconds, 80 random bits).

    >>> len(new_request_id())
    29
    """
    stamp = time.time_ns() // 1_000_000
    # Of each random byte five bits are a letter; the library's own way takes ten times as long.
    chance = os.urandom(16).translate(_LETTERS).decode()
    return f"gc_{_early(stamp >> 20)}{_PAIRS[stamp >> 10 & 1023]}{_PAIRS[stamp & 1023]}{chance}"


@lru_cache(maxsize=1)
def _early(stamp: int) -> str:
    """The first letters of an id, the same for seventeen minutes."""
    return "".join([_PAIRS[stamp >> bits & 1023] for bits in (20, 10, 0)])


_PAIRS = [first + second for first in ENCODE for second in ENCODE]
_LETTERS = "".join(ENCODE[byte % 32] for byte in range(256)).encode()


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """
    Who asks, and with whose key.

    Attributes:
        credential: Names the key without holding it: ``server``, ``visitor:`` and a random word, or, on the
            simulator, ``simulated:`` and the visitor. Health, budgets and cache are kept per credential, those of
            providers that are asked with the server's key all the same under the server's, see :func:`credential_at`.
        user: Names the person or program within that credential (a session, an API token's number): what
            the rate guard is fair between. Never a name or an address.
        groq_key: A visitor's own key; None means the server's.
        person: Name of the person who signed in, or whose key it is; empty for nobody. Never logged.
        address: Of the client; what limits are kept by where nobody is named. Never logged.
    """

    credential: str = "server"
    user: str = "local"
    groq_key: Secret | None = None
    person: str = ""
    address: str = ""

    @property
    def visitor(self) -> str:
        """Whom the simulator is to take the caller for, so that a fault hits one visitor alone; empty for nobody."""
        kind, _, visitor = self.credential.partition(":")
        return visitor if kind == "simulated" else ""


SERVER: Final = "server"
"""The credential of the server's own keys, the only ones the catalogue is read with."""

VISITOR: Final = "visitor:"
"""How the credential of a visitor's own key begins."""


def credential_at(provider: str, credential: str) -> str:
    """
    With whose key a provider is asked: a visitor's own is Groq's, and whoever else answers is asked with the server's.

    >>> credential_at("groq", "visitor:x"), credential_at("openai", "visitor:x"), credential_at("openai", "simulated:x")
    ('visitor:x', 'server', 'simulated:x')
    """
    return SERVER if provider != "groq" and credential.startswith(VISITOR) else credential


HOSTED_TOOLS: Final = ("browser_search", "code_interpreter")
"""Tools that Groq runs itself, offered as ``{"type": …}``; only some models have them."""


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """
    What a request needs of a model; everything the router looks at. Tokens are estimates.

    ``hosted``: which of :data:`HOSTED_TOOLS` are offered. ``stay``: the model named is the only candidate.
    """

    operation: Operation = "chat"
    model: str = "auto"
    images: int = 0
    tools: bool = False
    hosted: tuple[str, ...] = ()
    json: Literal["", "object", "schema"] = ""
    prompt_tokens: int = 0
    max_tokens: int | None = None
    audio_s: float = 0.0
    characters: int = 0
    cost_sensitive: bool = False
    max_latency_ms: float | None = None
    stay: bool = False


IMAGE_TOKENS = 2048
"""Input tokens Groq bills for one picture (docs of qwen3.8-27b, read 2026-10)."""

BYTES_PER_TOKEN = 4
"""English averages 4.1 characters a token; counting UTF-8 bytes keeps other scripts on the safe side."""


def estimate_tokens(value: object) -> int:
    """
    Guess the tokens of a message list, a text or a schema: bytes of its text over four, pictures flat.

    >>> estimate_tokens("four score and seven")
    5
    """
    if isinstance(value, str):
        return (len(value) if value.isascii() else len(value.encode(errors="surrogatepass"))) // BYTES_PER_TOKEN
    if isinstance(value, dict):
        if value.get("type") == "image_url":
            return IMAGE_TOKENS
        tokens = 1
        for one in value.values():
            # Most are texts: a call for each costs more than the rest.
            if isinstance(one, str) and one.isascii():
                tokens += len(one) // BYTES_PER_TOKEN
            else:
                tokens += estimate_tokens(one)
        return tokens
    if isinstance(value, (list, tuple)):
        return sum(map(estimate_tokens, value))
    return 1 if value is not None else 0


def image_parts(messages: tuple[Message, ...]) -> int:
    """Count the pictures in a conversation."""
    count = 0
    for message in messages:
        content = message.get("content")
        if isinstance(content, list):
            count += sum(1 for part in content if isinstance(part, dict) and part.get("type") == "image_url")
    return count


def _hosted_tools(tools: object) -> tuple[str, ...]:
    kinds = {tool.get("type") for tool in tools if isinstance(tool, dict)} if isinstance(tools, list | tuple) else ()
    return tuple(name for name in HOSTED_TOOLS if name in kinds)


class ChatRequest(msgspec.Struct, frozen=True, kw_only=True, dict=True, eq=False):
    """
    A conversation to be continued.

    Attributes:
        messages: Wire form, oldest first.
        model: A tier (``auto``, ``speed``, ``quality``, ``vision``), a model id, or ``provider:id``.
        params: Sampling parameters, tools and formats under their wire names; sent on as they are.
        stream: Ask the provider to stream. The events are the same either way.
        revisable: The reader can take text back, so a broken answer may be started anew (:class:`Restarted`).
        no_store: Neither look in the cache nor store.
        stay: No other model than the one named may answer; its limits are waited for instead.
        hedge: Ask a second target beside one that stays silent too long; None: as the settings say.
        background: Nobody sits in front of it: whoever does comes first where a limit is waited for.
        keep_all: A conversation that is too long is an error; nothing of it may be left out.
        outlet: Where the reader takes words that come while nothing else is to be told, from the second on. What it
            has taken is not in the events.
        waited_s: So much of its time has passed already, in waiting for an answer that another was being given.
    """

    messages: tuple[Message, ...]
    model: str = "auto"
    params: dict[str, Any] = {}
    stream: bool = True
    revisable: bool = False
    cost_sensitive: bool = False
    max_latency_ms: float | None = None
    no_store: bool = False
    stay: bool = False
    keep_all: bool = False
    hedge: bool | None = None
    background: bool = False
    outlet: Outlet | None = None
    waited_s: float = 0.0
    caller: Caller = Caller()
    request_id: str = msgspec.field(default_factory=new_request_id)

    @cached_property
    def needs(self) -> Needs:
        params = self.params
        if not params:
            return Needs(
                model=self.model,
                images=image_parts(self.messages),
                prompt_tokens=estimate_tokens(self.messages),
                cost_sensitive=self.cost_sensitive,
                max_latency_ms=self.max_latency_ms,
                stay=self.stay,
            )
        response_format = params.get("response_format")
        kind = response_format.get("type") if isinstance(response_format, dict) else None
        return Needs(
            model=self.model,
            images=image_parts(self.messages),
            tools=bool(params.get("tools")),
            hosted=_hosted_tools(params.get("tools")),
            json="object" if kind == "json_object" else "schema" if kind == "json_schema" else "",
            prompt_tokens=estimate_tokens(self.messages) + estimate_tokens(params.get("tools")),
            max_tokens=params.get("max_completion_tokens") or params.get("max_tokens"),
            cost_sensitive=self.cost_sensitive,
            max_latency_ms=self.max_latency_ms,
            stay=self.stay,
        )

    def with_outlet(self, outlet: Outlet | None) -> ChatRequest:
        """The same for a reader who takes words there; what it needs of a model is known from before."""
        found = msgspec.structs.replace(self, outlet=outlet)
        found.__dict__.update(self.__dict__)
        return found


class TranscriptionRequest(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """
    A recording to be written down, or translated into English.

    Attributes:
        audio: The file, whole.
        filename: Its extension tells Groq the format, so it must be one of ``media.audio.EXTENSIONS``.
        duration_s: Seconds, as measured before sending; 0 when unknown.
        language: ISO 639-1, or None to let the model find out.
        prompt: Spelling hints, at most 224 tokens.
        granularities: ``segment`` and/or ``word``.
    """

    audio: bytes
    filename: str
    duration_s: float = 0.0
    operation: Literal["transcription", "translation"] = "transcription"
    model: str = "audio"
    language: str | None = None
    prompt: str | None = None
    temperature: float | None = 0.0
    granularities: tuple[Literal["segment", "word"], ...] = ("segment",)
    stream: bool = False
    revisable: bool = False
    no_store: bool = False
    hedge: bool | None = None
    waited_s: float = 0.0
    background: bool = False
    caller: Caller = Caller()
    request_id: str = msgspec.field(default_factory=new_request_id)

    @property
    def needs(self) -> Needs:
        return Needs(operation=self.operation, model=self.model, audio_s=self.duration_s)


class SpeechRequest(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """
    A text to be spoken; the answer is a WAV file in :class:`AudioDelta` events.

    Attributes:
        text: At most 200 characters a request on Groq (docs, read 2026-08).
        voice: One of the model's voices; None takes its first.
    """

    text: str
    voice: str | None = None
    model: str = "speech"
    speed: float | None = None
    stream: bool = True
    revisable: bool = False
    no_store: bool = False
    hedge: bool | None = None
    waited_s: float = 0.0
    background: bool = False
    caller: Caller = Caller()
    request_id: str = msgspec.field(default_factory=new_request_id)

    @property
    def needs(self) -> Needs:
        return Needs(operation="speech", model=self.model, characters=len(self.text))


Request: TypeAlias = ChatRequest | TranscriptionRequest | SpeechRequest
