"""Chat: a conversation in, an answer out, streamed or whole."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

from groq_core.events import Events
from groq_core.pipeline import Handler
from groq_core.reply import Reply, collect
from groq_core.requests import Caller, ChatRequest, Message, Request


class Chat:
    """
    >>> from groq_core.compose import assemble  # doctest: +SKIP
    >>> async with assemble(settings) as core:  # doctest: +SKIP
    ...     reply = await core.chat.ask("Why is the sky blue?")
    ...     print(reply.text, reply.receipt.served_by)
    """

    def __init__(self, handle: Handler[Request]) -> None:
        self._handle = handle

    def stream(
        self,
        messages: str | Sequence[Message],
        *,
        model: str = "auto",
        revisable: bool = True,
        caller: Caller | None = None,
        no_store: bool = False,
        **params: Any,
    ) -> Events:
        """
        Continue a conversation.

        Args:
            messages: Wire form, oldest first; a plain text is one user message.
            model: A tier, a model id, or ``provider:id``.
            revisable: You can take text back: be ready for :class:`~groq_core.events.Restarted`.
            params: Sampling parameters, tools, formats, under their wire names.

        Raises (from the stream):
            RequestError, ChainError, BrokenAnswerError: See :mod:`groq_core.errors`.
        """
        return self._handle(
            ChatRequest(
                messages=_conversation(messages),
                model=model,
                params=params,
                revisable=revisable,
                no_store=no_store,
                caller=caller or Caller(),
            )
        )

    async def ask(
        self, messages: str | Sequence[Message], *, model: str = "auto", caller: Caller | None = None, **params: Any
    ) -> Reply:
        """The same, not streamed: the whole answer with its receipt."""
        request = ChatRequest(
            messages=_conversation(messages),
            model=model,
            params=params,
            stream=False,
            revisable=True,
            caller=caller or Caller(),
        )
        async with aclosing(self._handle(request)) as events:
            return await collect(events)


def _conversation(messages: str | Sequence[Message]) -> tuple[Message, ...]:
    return ({"role": "user", "content": messages},) if isinstance(messages, str) else tuple(messages)
