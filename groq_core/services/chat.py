"""Chat: a conversation in, an answer out, streamed or whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any

from groq_core.events import Events
from groq_core.incoming.chat_fields import read_values
from groq_core.incoming.field_errors import insist
from groq_core.pipeline import Handler
from groq_core.reply import Reply, collect
from groq_core.requests import Caller, ChatRequest, Message, Request
from groq_core.streaming.custom_calls import give_custom_calls


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
        Continue a conversation. Messages and parameters may be spelled as clients of any API spell them; what was
        changed for it comes as a ``Note``.

        Args:
            messages: Wire form, oldest first; a plain text is one user message.
            model: A tier, a model id, or ``provider:id``.
            revisable: You can take text back: be ready for :class:`~groq_core.events.Restarted`.
            params: Sampling parameters, tools, formats, under their wire names.

        Raises (from the stream):
            RequestError, ChainError, BrokenAnswerError: See :mod:`groq_core.errors`.
        """
        return self._answer(
            messages,
            params,
            model=model,
            revisable=revisable,
            no_store=no_store,
            caller=caller or Caller(),
        )

    async def ask(
        self, messages: str | Sequence[Message], *, model: str = "auto", caller: Caller | None = None, **params: Any
    ) -> Reply:
        """The same, not streamed: the whole answer with its receipt."""
        answer = self._answer(messages, params, model=model, stream=False, revisable=True, caller=caller or Caller())
        async with aclosing(answer) as events:
            return await collect(events)

    async def _answer(self, messages: str | Sequence[Message], params: Mapping[str, Any], **asked: Any) -> Events:
        """The answer, after what was changed in the question."""
        insist(asked["model"], str, "model", "text")
        fields = read_values(messages, params)
        for note in fields.notes:
            yield note
        request = ChatRequest(messages=fields.messages, params=fields.params, **asked)
        answer = self._handle(request)
        if fields.custom:
            answer = give_custom_calls(answer, fields.custom)
        async with aclosing(answer) as events:
            async for event in events:
                yield event
