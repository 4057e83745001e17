"""
The shape of everything that answers: a handler takes a request and yields events.

A middleware takes the next handler and a request, and yields events: most of them the ones it is given. It
closes what it forwards (``async with aclosing(...)``), since Python closes an abandoned generator only when
it is collected, and no ``yield`` ever stands inside a timeout or a task group (PEP 789).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeAlias, TypeVar

import msgspec

from groq_core.budget import Budget
from groq_core.events import Events
from groq_core.models.spec import ModelSpec
from groq_core.requests import Request

In = TypeVar("In")

Handler: TypeAlias = Callable[[In], Events]
Middleware: TypeAlias = Callable[[Handler[In], In], Events]


class Attempt(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """
    One request to one model, retries included.

    Attributes:
        request: What is asked, as it is sent to this model: it may be trimmed, or carry a prefill.
        spec: The model.
        budget: Attempts, time and money left for the user request this belongs to.
        last: No candidate comes after this one, so waiting is better than going on.
        hedge: It races another attempt.
        prefill: The last message is the beginning of the answer, to be continued.
        forced: The target rests, but there is nobody else; it is asked as a probe.
        on_headers: Called by the provider with the answer's headers (names in lower case), as soon as they
            are here, whatever the status.
    """

    request: Request
    spec: ModelSpec
    budget: Budget
    last: bool = False
    hedge: bool = False
    prefill: bool = False
    forced: bool = False
    on_headers: Callable[[Mapping[str, str]], None] | None = None


def stack(*middlewares: Middleware[In], around: Handler[In]) -> Handler[In]:
    """Wrap a handler; the first middleware is the outermost, as it reads."""
    handler = around
    for middleware in reversed(middlewares):
        handler = partial(middleware, handler)
    return handler
