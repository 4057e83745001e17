"""
Vision: pictures and a question in, an answer out; then further questions about the same pictures.

It is chat with image parts. What is added here: pictures are made fit to be sent, no more of them go along than
a model takes, and older ones turn into notes, so that a conversation does not send them again for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import msgspec

from groq_core.errors import RequestError
from groq_core.events import Events, Note
from groq_core.incoming.field_errors import insist
from groq_core.media.image.preparation import MAX_BYTES, PreparedImage, prepare_all
from groq_core.models.spec import Capability, ModelSpec
from groq_core.pipeline import Handler
from groq_core.reply import Reply, collect
from groq_core.requests import Caller, ChatRequest, Message, Request, image_parts

MIN_BYTES = 200_000
"""Of one picture, however many share the limit: enough for a legible page."""

FOLLOW_UPS = 8
"""Questions after which pictures turn into notes even if no newer ones came."""


@dataclass(frozen=True, slots=True)
class PictureQuestion:
    """A question people ask of pictures often; ``pictures`` is how many it needs at least."""

    name: str
    label: str
    question: str
    pictures: int = 1


TEMPLATES = (
    PictureQuestion(
        "describe", "Describe", "Describe this picture: what is in it, where it might be, what stands out."
    ),
    PictureQuestion(
        "read",
        "Read the text",
        "Write down all text in the picture, exactly as it stands, line by line. "
        "Mark what you can't read with [illegible]; add nothing.",
    ),
    PictureQuestion(
        "table",
        "Make a table",
        "Put the data in this picture into a Markdown table. Keep numbers and units exactly; leave a cell empty "
        "rather than guess.",
    ),
    PictureQuestion(
        "compare", "Compare", "Compare these pictures: what do they share, how do they differ?", pictures=2
    ),
    PictureQuestion(
        "alt",
        "Alt text",
        'Write an alt text for this picture: one sentence, at most 125 characters, no "picture of".',
    ),
)


PAGE_QUESTION = (
    "Write down all text on this page, exactly as it stands, in reading order; tables as rows with | between cells. "
    "Mark what you can't read with [illegible]; add nothing. If there is no text, answer with an empty line."
)


class FormField(msgspec.Struct, frozen=True):
    """One line of a form that is read off a picture, e.g. ``Field("total", "the sum in euros")``."""

    name: str
    description: str = ""


class VisionService:
    """
    Ask about pictures.

    >>> from groq_core.compose import assemble  # doctest: +SKIP
    >>> async with assemble(settings) as core:  # doctest: +SKIP
    ...     reply = await core.vision.ask("What is this?", [Path("kiwi.jpg").read_bytes()])

    Args:
        handle: The pipeline.
        limit: Pictures a request may hold now, as the registry has it.
        pieces: Pictures that every one of these models takes: so many may be made of one long one.
    """

    def __init__(
        self, handle: Handler[Request], *, limit: Callable[[], int], pieces: Callable[[], int] | None = None
    ) -> None:
        self._handle = handle
        self._limit = limit
        self._pieces = pieces or limit

    def pieces(self, pictures: int) -> int:
        """Into how many parts each of so many pictures may be cut."""
        return max(1, self._pieces() // max(1, pictures))

    async def prepare(self, pictures: Sequence[bytes | PreparedImage]) -> list[PreparedImage]:
        """
        Make pictures fit to be sent, in threads; those that are fit already are left as they are. A file of several
        pages and a very long picture become several.

        Raises:
            RequestError: ``param="image"``; one of them can't be read, or there are too many.
        """
        insist(pictures, (list, tuple), "image", "a list of pictures")
        for picture in pictures:
            insist(picture, (bytes, PreparedImage), "image", "bytes", "Give what Path(…).read_bytes() gives.")
        limit = self._limit()
        if len(pictures) > limit:
            raise RequestError(
                f"There are {len(pictures)} pictures; a question may have {limit}.",
                param="image",
                code="too_many_images",
                hint="Leave some out, or ask about them one after another.",
            )
        share = max(MIN_BYTES, MAX_BYTES // max(1, len(pictures)))
        ready = list[PreparedImage]()
        for picture in pictures:
            if isinstance(picture, PreparedImage):
                ready.append(picture)
            else:
                ready += await asyncio.to_thread(
                    prepare_all, picture, at_most=self.pieces(len(pictures)), max_bytes=share
                )
        return ready

    async def stream(
        self,
        question: str,
        pictures: Sequence[bytes | PreparedImage] = (),
        *,
        history: Sequence[Message] = (),
        model: str = "vision",
        caller: Caller | None = None,
        **params: Any,
    ) -> Events:
        """
        Ask about pictures; without new ones, about those in ``history``.

        Yields:
            ``Note(code="image")`` for each picture (what came, what is sent), ``Note(code="images_left_out")``
            where older ones became notes, then the answer and its story.

        Raises:
            RequestError: A picture can't be sent.
            ChainError, BrokenAnswerError: See :mod:`groq_core.errors`.
        """
        insist(question, str, "question", "text")
        ready = await self.prepare(pictures)
        request, left_out = question_about(question, ready, history=history, limit=self._limit(), **params)
        request = msgspec.structs.replace(request, model=model, caller=caller or Caller())
        for picture in ready:
            yield Note(code="image", text=picture.summary)
        if left_out:
            text = f"{left_out} older {'picture is' if left_out == 1 else 'pictures are'} not sent again."
            yield Note(code="images_left_out", text=text)
        async with aclosing(self._handle(request)) as events:
            async for event in events:
                yield event

    async def ask(self, question: str, pictures: Sequence[bytes | PreparedImage] = (), **options: Any) -> Reply:
        """The same, not streamed; options as for :meth:`stream`."""
        async with aclosing(self.stream(question, pictures, **options)) as events:
            return await collect(events)

    def reader(
        self, *, model: str = "vision", caller: Caller | None = None
    ) -> Callable[[PreparedImage], Awaitable[str]]:
        """What writes down the text in a picture, e.g. of a page that was scanned."""

        async def look(picture: PreparedImage) -> str:
            reply = await self.ask(PAGE_QUESTION, [picture], model=model, caller=caller, temperature=0)
            return reply.text.strip()

        return look

    async def read(
        self, fields: Sequence[FormField], pictures: Sequence[bytes | PreparedImage], **options: Any
    ) -> tuple[dict[str, Any], Reply]:
        """
        Read a small form off pictures.

        Returns:
            Every field with what was read, None where the picture does not say; and the reply it came in.

        Raises:
            RequestError: As :meth:`stream`; or 422 when the answer is no JSON object.
        """
        reply = await self.ask(
            form_question(fields), pictures, response_format={"type": "json_object"}, temperature=0, **options
        )
        return form_answer(reply.text, fields), reply


def question_about(
    question: str,
    pictures: Sequence[PreparedImage],
    *,
    history: Sequence[Message] = (),
    limit: int,
    **params: Any,
) -> tuple[ChatRequest, int]:
    """
    Build the request: the conversation so far, then the pictures, then the question.

    Returns:
        The request, and how many older pictures became notes in it.
    """
    parts: list[dict[str, Any]] = [{"type": "text", "text": question}, *(picture.part for picture in pictures)]
    asked: Message = {"role": "user", "content": parts if pictures else question}
    messages, left_out = with_recent_pictures((*history, asked), limit)
    return ChatRequest(messages=messages, model="vision", params=params, revisable=True), left_out


def with_recent_pictures(
    messages: Sequence[Message], limit: int, *, follow_ups: int = FOLLOW_UPS
) -> tuple[tuple[Message, ...], int]:
    """
    Keep the newest pictures of a conversation and replace the others by notes.

    Pictures stay as long as questions may be about them: those of the newest message that has any, for so many
    further questions, and at most ``limit`` of them.

    Returns:
        The conversation (messages that did not change are the same objects), and how many pictures were replaced.
    """
    with_pictures = [at for at, message in enumerate(messages) if image_parts((message,))]
    newest = with_pictures[-1] if with_pictures else -1
    questions = sum(1 for message in messages[newest + 1 :] if message.get("role") == "user")
    allowed = limit if questions <= follow_ups else 0
    left_out = 0
    changed = list(messages)
    for at in reversed(with_pictures):
        keep = allowed if at == newest else 0
        changed[at], replaced = _with_notes(messages[at], keep)
        left_out += replaced
    return tuple(changed), left_out


def _with_notes(message: Message, keep: int) -> tuple[Message, int]:
    """Replace all pictures of a message but the last ``keep``."""
    excess = image_parts((message,)) - keep
    if excess <= 0:
        return message, 0
    parts: list[Any] = []
    replaced = 0
    for part in message["content"]:
        if part.get("type") == "image_url" and replaced < excess:
            replaced += 1
            parts.append({"type": "text", "text": "[A picture that was shown here earlier.]"})
        else:
            parts.append(part)
    return {**message, "content": parts}, replaced


def image_limit(specs: Iterable[ModelSpec]) -> int:
    """Pictures one question may hold: what the most capable of these models takes; 1 where none tells."""
    return max((spec.max_images for spec in specs if spec.can(Capability.VISION)), default=0) or 1


def least_images(specs: Iterable[ModelSpec]) -> int:
    """Pictures that each of these models takes, so that none of them is left out of the chain; 1 where none tells."""
    return min((spec.max_images for spec in specs if spec.can(Capability.VISION) and spec.max_images), default=1)


def form_question(fields: Sequence[FormField]) -> str:
    """
    >>> print(form_question([FormField("total", "the sum in euros"), FormField("date")]))
    Read these fields off the picture and answer with one JSON object that has exactly these keys:
    - "total": the sum in euros
    - "date"
    Copy what stands there; use null for what the picture does not show. Write nothing but the JSON object.
    """
    if not fields:
        raise RequestError(
            "The form has no fields.", param="fields", code="no_fields", hint="Name at least one thing to read."
        )
    lines = (f'- "{field.name}"' + (f": {field.description}" if field.description else "") for field in fields)
    return "\n".join(
        (
            "Read these fields off the picture and answer with one JSON object that has exactly these keys:",
            *lines,
            "Copy what stands there; use null for what the picture does not show. Write nothing but the JSON object.",
        )
    )


def form_answer(text: str, fields: Sequence[FormField]) -> dict[str, Any]:
    """
    Take the fields out of an answer, with or without a code fence around it; what else is in it is left out.

    Raises:
        RequestError: 422; the answer holds no JSON object.

    >>> form_answer('```json\\n{"total": 3.5, "more": 1}\\n```', [FormField("total"), FormField("date")])
    {'total': 3.5, 'date': None}
    """
    start, end = text.find("{"), text.rfind("}")
    try:
        found = msgspec.json.decode(text[start : end + 1].encode(), type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise RequestError(
            "The model's answer is no JSON object.",
            status=422,
            code="no_json_answer",
            hint="Ask again, or for fewer fields.",
        ) from error
    return {field.name: found.get(field.name) for field in fields}
