"""A page's question on its way to the pipeline: as much of the conversation as fits, and answers that go on."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec

from groq_core.events import Event, Events, Finished, Note, TextDelta
from groq_core.fallback.splice import Diverged, Splice
from groq_core.requests import BYTES_PER_TOKEN, IMAGE_TOKENS, Caller
from groq_core.ui.asking import PageQuestion, PageTurn, chat_request
from groq_core.ui.core import PageCore
from groq_core.ui.texts import TEXTS

FILL = 0.9
"""Share of a window that is filled: tokens are estimated, and an estimate may be too low."""

ANSWER_TOKENS = 4096
"""Room for the answer where nobody said how long it may be; never more than a quarter of the window."""


def answer_to(core: PageCore, question: PageQuestion, caller: Caller) -> Events:
    """
    Ask with as much of the conversation as the model that answers can take, and say what was left out.

    Raises:
        RequestError: The question cannot be asked.
    """
    fitted, left_out = fit(question, window_of(core, question))
    if fitted.continues:
        said = fitted.turns[-1].text
        turns = (*fitted.turns, PageTurn(role="user", text=TEXTS["continue_prompt"]))
        request = chat_request(msgspec.structs.replace(fitted, turns=turns), caller)
        events = new_part(core.handle(request), said)
    else:
        events = core.handle(chat_request(fitted, caller))
    return with_note(events, left_out) if left_out else events


def window_of(core: PageCore, question: PageQuestion) -> int:
    """Tokens that the model which would answer now takes, prompt and answer together; 0 where nobody knows."""
    catalogue = core.catalogue.current
    tiers = {tier.tier: tier.target for tier in core.board.snapshot().tiers}
    images = any(turn.images for turn in question.turns)
    tier = question.model if question.model in tiers else "vision" if images else "speed"
    named = None if question.model in (*tiers, "auto") else catalogue.lookup(question.model)
    if named is not None and catalogue.absence(named):
        named = None
    spec = named or catalogue.specs.get(tiers.get(tier) or "")
    return spec.context_window if spec is not None else 0


def fit(question: PageQuestion, window: int) -> tuple[PageQuestion, int]:
    """
    Leave out the oldest turns until the rest fits; instructions and the last turn stay.

    Returns:
        The question as it can be sent, and how many turns were left out.

    >>> turns = tuple(PageTurn(role="user", text="x" * 4000) for _ in range(10))
    >>> fit(PageQuestion(turns=turns), 8192)[1]
    5
    """
    if not window:
        return question, 0
    answer = question.max_tokens or min(ANSWER_TOKENS, window // 4)
    room = int(window * FILL) - answer
    sizes = [tokens(turn) for turn in question.turns]
    fixed = [turn.role == "system" for turn in question.turns]
    size, last = sum(sizes), len(sizes) - (2 if question.continues else 1)
    left_out = set[int]()
    for index in range(last):
        if size <= room:
            break
        if not fixed[index]:
            left_out.add(index)
            size -= sizes[index]
    kept = tuple(turn for index, turn in enumerate(question.turns) if index not in left_out)
    return msgspec.structs.replace(question, turns=kept), len(left_out)


def tokens(turn: PageTurn) -> int:
    """Estimated tokens of a turn, its pictures included."""
    return len(turn.text.encode()) // BYTES_PER_TOKEN + 4 + IMAGE_TOKENS * len(turn.images)


async def with_note(events: Events, left_out: int) -> AsyncGenerator[Event, None]:
    """Tell of what was not sent before anything else."""
    async with aclosing(events):
        key = "left_out_one" if left_out == 1 else "left_out"
        yield Note(code="conversation_trimmed", text=TEXTS[key].format(n=left_out))
        async for event in events:
            yield event


async def new_part(events: Events, said: str) -> AsyncGenerator[Event, None]:
    """
    Only what is new of an answer that was to go on after ``said``; models like to repeat its last words, or all.

    One that begins anew with other words is given as it is: it is news.
    """
    splice: Splice | None = Splice(said, "continue")
    async with aclosing(events):
        async for event in events:
            try:
                if splice is not None and isinstance(event, TextDelta):
                    event = TextDelta(splice.feed(event.text))
                    if not event.text:
                        continue
                elif splice is not None and isinstance(event, Finished):
                    rest, splice = splice.close(), None
                    if rest:
                        yield TextDelta(rest)
            except Diverged as other:
                splice = None
                new = other.text[len(_common(other.text, said)) :]
                if new and isinstance(event, TextDelta):
                    event = TextDelta(new)
            yield event


def _common(a: str, b: str) -> str:
    size = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return a[:size]
