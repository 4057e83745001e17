"""A page's question on its way to the pipeline: as much of the conversation as fits, and answers that go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import msgspec

from groq_core.events import Event, Events, Finished, Note, Quoted, TextDelta
from groq_core.fallback.splice import Diverged, Splice
from groq_core.models.spec import Tier, tier_of
from groq_core.requests import BYTES_PER_TOKEN, IMAGE_TOKENS, Caller
from groq_core.services.documents.attached import PassageChoice, choose, split_attachments
from groq_core.services.documents.index import MOST_TOKENS, count_tokens
from groq_core.ui.chat_request import PageQuestion, PageTurn, chat_request
from groq_core.ui.core import PageCore
from groq_core.ui.texts import TEXTS

FILL = 0.9
"""Share of a window that is filled: tokens are estimated, and an estimate may be too low."""

ANSWER_TOKENS = 4096
"""Room for the answer where nobody said how long it may be; never more than a quarter of the window."""


LEAST_PASSAGES = 3_000
"""Tokens of a long document that go along, before any of the older conversation does."""

WHOLE_SHARE = 4
"""A document is sent whole where it takes at most this part of the tokens a minute, and of the window."""


def answer_to(core: PageCore, question: PageQuestion, caller: Caller) -> Events:
    """
    Ask with as much of the conversation as the model that answers can take, and say what was left out.

    Of documents that are too long for one question, only the passages go along that it is about.

    Raises:
        RequestError: The question cannot be asked.
    """
    if has_documents(question):
        return _from_documents(core, question, caller)
    return _ask(core, *fit(question, window_of(core, question)), caller)


def _ask(core: PageCore, fitted: PageQuestion, left_out: int, caller: Caller) -> Events:
    if fitted.continues:
        said = fitted.turns[-1].text
        turns = (*fitted.turns, PageTurn(role="user", text=TEXTS["continue_prompt"]))
        request = chat_request(msgspec.structs.replace(fitted, turns=turns), caller)
        events = new_part(core.handle(request), said)
    else:
        events = core.handle(chat_request(fitted, caller))
    return with_note(events, left_out) if left_out else events


def has_documents(question: PageQuestion) -> bool:
    return any(turn.role == "user" and split_attachments(turn.text)[1] for turn in question.turns)


async def _from_documents(core: PageCore, question: PageQuestion, caller: Caller) -> AsyncGenerator[Event, None]:
    """Answer from documents: whole where there is room, else from passages of them, which are told first."""
    chosen = await asyncio.to_thread(with_passages, core, question)
    if chosen is None:
        events = _ask(core, *fit(question, window_of(core, question)), caller)
    else:
        fitted, left_out, choice = chosen
        yield quoted_event(choice)
        yield Note(code="pages_chosen", text=in_words(choice))
        fitted, more = fit(fitted, window_of(core, fitted))
        events = _ask(core, fitted, left_out + more, caller)
    async with aclosing(events):
        async for event in events:
            yield event


def with_passages(core: PageCore, question: PageQuestion) -> tuple[PageQuestion, int, PassageChoice] | None:
    """
    Put passages in the place of long documents; takes up to a second for a book.

    Returns:
        The question with them, how many older turns had to be left out for them, and what was chosen; None where
        everything is short enough to be sent whole.
    """
    bare = _without_documents(question)
    kept = places_that_fit(bare, MOST_TOKENS - LEAST_PASSAGES, safely)
    users = [index for index, turn in enumerate(question.turns) if turn.role == "user"]
    choice = choose(
        [question.turns[index].text for index in users],
        core.shelf,
        whole=whole_of(core, question),
        tokens=max(LEAST_PASSAGES // 2, MOST_TOKENS - sum(safely(bare.turns[index]) for index in kept)),
    )
    if choice is None:
        return None
    texts = dict(zip(users, choice.texts, strict=True))
    turns = tuple(
        msgspec.structs.replace(question.turns[index], text=texts.get(index, question.turns[index].text))
        for index in kept
    )
    return msgspec.structs.replace(question, turns=turns), len(question.turns) - len(turns), choice


def _without_documents(question: PageQuestion) -> PageQuestion:
    turns = (
        msgspec.structs.replace(turn, text=split_attachments(turn.text)[0]) if turn.role == "user" else turn
        for turn in question.turns
    )
    return msgspec.structs.replace(question, turns=tuple(turns))


def whole_of(core: PageCore, question: PageQuestion) -> int:
    """Tokens of documents that may be sent whole: more than one question's where the plan is known to take more."""
    window = window_of(core, question)
    snapshot = core.board.snapshot()
    names = {tier.target for tier in snapshot.tiers} | {question.model, f"groq:{question.model}"}
    a_minute = [
        limit.limit
        for target in snapshot.targets
        if target.name in names and target.state != "gone"
        for limit in target.limits
        if limit.window_s == 60 and limit.kind in ("tokens", "input_tokens")
    ]
    known = min(min(a_minute), window) if a_minute and window else 0
    return max(MOST_TOKENS - LEAST_PASSAGES // 3, int(known) // WHOLE_SHARE)


def quoted_event(choice: PassageChoice) -> Quoted:
    return Quoted(
        documents=tuple(document.name for document in choice.documents),
        pages=choice.pages,
        tokens=choice.tokens,
        quotes=choice.quotes,
        whole=choice.whole,
    )


def in_words(choice: PassageChoice) -> str:
    """What went along of long documents, in a sentence."""
    names = ", ".join(document.name for document in choice.documents)
    key = "pages_chosen_whole" if choice.whole else "pages_chosen"
    return TEXTS[key].format(names=names, n=len(choice.quotes), tokens=f"{choice.tokens:,}")


def window_of(core: PageCore, question: PageQuestion) -> int:
    """Tokens that the model which would answer now takes, prompt and answer together; 0 where nobody knows."""
    catalogue = core.catalogue.current
    tier = tier_of(question.model)
    spec = None if tier is not None or question.model == "auto" else catalogue.lookup(question.model)
    if spec is None or catalogue.absence(spec):
        fallback: Tier = "vision" if any(turn.images for turn in question.turns) else "speed"
        spec = catalogue.specs.get(core.board.target(tier or fallback) or "")
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
    return fit_into(question, int(window * FILL) - answer, tokens)


def fit_into(question: PageQuestion, room: int, size_of: Callable[[PageTurn], int]) -> tuple[PageQuestion, int]:
    """The same for so many tokens of the prompt, however a turn is reckoned."""
    kept = places_that_fit(question, room, size_of)
    turns = tuple(question.turns[index] for index in kept)
    return msgspec.structs.replace(question, turns=turns), len(question.turns) - len(turns)


def places_that_fit(question: PageQuestion, room: int, size_of: Callable[[PageTurn], int]) -> list[int]:
    """The turns that stay, by their places, when the oldest are left out until the rest fits."""
    sizes = [size_of(turn) for turn in question.turns]
    fixed = [turn.role == "system" for turn in question.turns]
    size, last = sum(sizes), len(sizes) - (2 if question.continues else 1)
    left_out = set[int]()
    for index in range(last):
        if size <= room:
            break
        if not fixed[index]:
            left_out.add(index)
            size -= sizes[index]
    return [index for index in range(len(sizes)) if index not in left_out]


def safely(turn: PageTurn) -> int:
    """Tokens of a turn at most, its pictures included."""
    return count_tokens(turn.text) + 8 + IMAGE_TOKENS * len(turn.images)


def tokens(turn: PageTurn) -> int:
    """Estimated tokens of a turn, its pictures included."""
    return len(turn.text.encode()) // BYTES_PER_TOKEN + 4 + IMAGE_TOKENS * len(turn.images)


def with_note(events: Events, left_out: int) -> Events:
    """Tell of what was not sent before anything else."""
    key = "left_out_one" if left_out == 1 else "left_out"
    return with_notes((Note(code="conversation_trimmed", text=TEXTS[key].format(n=left_out)),), events)


async def with_notes(notes: tuple[Note, ...], events: Events) -> AsyncGenerator[Event, None]:
    """An answer, after what was changed in the question."""
    async with aclosing(events):
        for note in notes:
            yield note
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
