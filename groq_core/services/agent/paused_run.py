"""A run that waits for somebody's word, as data: it can be kept, sent and gone on with in another process."""

from __future__ import annotations

import json
import secrets
from hashlib import blake2b

import msgspec

from groq_core.errors import RequestError
from groq_core.requests import Message


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """
    A call that waits for approval.

    Attributes:
        approval: Names this call of this run with these arguments, and nothing else.
        arguments: The whole of them, as they would run; see :func:`whole_call`.
    """

    approval: str
    call: str
    name: str
    arguments: str


class RequestedCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call of the step that is not over: ``arguments`` as the model wrote them."""

    id: str
    name: str
    arguments: str


class ReportedResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the model is told of a call that has run, and the pictures it gave (data URLs)."""

    text: str
    pictures: tuple[str, ...] = ()


class RunState(msgspec.Struct, kw_only=True):
    """
    Everything a run is between two calls.

    Attributes:
        run: Its id; approvals are bound to it.
        messages: The conversation so far, in wire form.
        step: Times the model has been asked.
        tokens: Used so far, as counted by the providers, or estimated where nobody counts.
        guessed_usd: What those may have cost that are estimated; not in ``cost_usd``, but the bound holds for both.
        dearest_usd: What the dearest step took.
        unpriced: Something was used that nobody knows a price of.
        elapsed_s: Seconds it has worked, waiting for approval not counted.
        calls: Of the step that is not over; ``results`` by their ids.
        pending: Calls that wait.
    """

    run: str = msgspec.field(default_factory=lambda: "run_" + secrets.token_urlsafe(12))
    messages: list[Message] = []
    step: int = 0
    cost_usd: float | None = None
    tokens: int = 0
    guessed_usd: float = 0.0
    dearest_usd: float = 0.0
    unpriced: bool = False
    elapsed_s: float = 0.0
    ids: list[str] = []
    repeats: dict[str, int] = {}
    calls: list[RequestedCall] = []
    results: dict[str, ReportedResult] = {}
    pending: list[Pending] = []

    def encode(self) -> bytes:
        """As JSON; it holds the conversation, so it is as private as that."""
        try:
            return msgspec.json.encode(self)
        except UnicodeEncodeError:
            # Half a surrogate pair, which UTF-8 cannot hold, stands as its escape.
            return json.dumps(msgspec.to_builtins(self)).encode()

    @classmethod
    def decode(cls, data: bytes | str) -> RunState:
        """
        Raises:
            RequestError: It is no state of a run.
        """
        try:
            return msgspec.convert(json.loads(data), cls)
        except (ValueError, RecursionError) as error:
            raise RequestError(f"the state of the run cannot be read: {error}", param="state") from None

    def approval(self, call: str, name: str, arguments: str) -> str:
        """The id under which one call is approved: another run, call or argument has another."""
        about = json.dumps([self.run, self.step, call, name, arguments]).encode()
        return "ap_" + blake2b(about, digest_size=15).hexdigest()
