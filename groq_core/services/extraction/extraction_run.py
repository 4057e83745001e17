"""One extraction on its way: the document in parts, each asked about, and their answers put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Final, Generic, TypeAlias, TypeVar

from groq_core.errors import ChainError, ExtractionError, Kind, RequestError
from groq_core.media.image.preparation import PreparedImage
from groq_core.pipeline import Handler
from groq_core.requests import Caller, Request
from groq_core.services.documents.readers import Document
from groq_core.services.extraction.ask import Answered, Asker, ExtractionPrompt, Growing, Try
from groq_core.services.extraction.fitting import Problem, restore_absent
from groq_core.services.extraction.found import Extraction, MissingPart, Partial
from groq_core.services.extraction.looking import Path
from groq_core.services.extraction.merge import Merged, merge
from groq_core.services.extraction.missing_values import absent
from groq_core.services.extraction.options import ExtractionOptions
from groq_core.services.extraction.plain import Place
from groq_core.services.extraction.schema import WRAPPED, MisfitError, Schema
from groq_core.services.extraction.spans import SourceText, Span, constants_of
from groq_core.services.extraction.strict import subschemas
from groq_core.services.extraction.text_parts import SMALLEST, TextChunk, cut
from groq_core.services.fan_out import events_of, run_all

T = TypeVar("T")

Picture: TypeAlias = PreparedImage | Sequence[PreparedImage]
Input: TypeAlias = str | Document | Picture

MAX_CHUNKS: Final = 200
"""Parts of one document; more is a job for a batch."""

_SIZE_KINDS = frozenset({Kind.TOO_LARGE, Kind.CONTEXT_LENGTH})


class Reading(Generic[T]):
    """One extraction on its way."""

    def __init__(
        self,
        handle: Handler[Request],
        options: ExtractionOptions,
        schema: Schema[T],
        source: Input,
        size: int,
        caller: Caller,
        resume: Extraction[Any] | None = None,
    ) -> None:
        self.options = options
        self.schema = schema
        self.source = source
        self.size = size
        self.pictures = _pictures(source)
        self.text = _text(source)
        self.before = resume
        self.lost: dict[int, ChainError | ExtractionError] = {}
        pages = [page.start for page in source.pages] if isinstance(source, Document) else []
        self.growing = False
        self.looked = SourceText(self.text, pages, constants_of(subschemas(schema.json)))
        self.placed: dict[int, tuple[Any, dict[Path, Place]]] = {}
        self.tries: list[Try] = []
        self.answers: dict[int, Any] = {}
        self.chunks: list[TextChunk] = []
        self.merged = Merged(None, (), {})
        self.value: T
        self.asker = Asker(
            handle=handle,
            model=options.model,
            retries=options.retries,
            max_tokens=options.max_tokens,
            caller=caller,
        )

    async def attempts(self) -> AsyncGenerator[Try | Partial, None]:
        size = self.size
        while True:
            self._cut(size)
            self.asker.streams = self.growing and len(self.chunks) == 1
            self._take_up()
            parts = [number for number in range(len(self.chunks)) if number not in self.answers]
            try:
                async with aclosing(self._ask_all(dict.fromkeys(parts))) as tries:
                    async for one in tries:
                        yield one
                break
            except ChainError as error:
                self.before = None
                longest = max(len(chunk.text) for chunk in self.chunks)
                if longest < 2 * SMALLEST or not _too_large(error):
                    raise
                size = longest // 2
        if self.lost and not self.answers:
            raise self.lost[min(self.lost)]
        async with aclosing(self._mend()) as tries:
            async for one in tries:
                yield one

    def _take_up(self) -> None:
        """Keep the answers of an earlier extraction where the parts are the same."""
        places = tuple((chunk.start, chunk.end) for chunk in self.chunks)
        kept = self.before is not None and self.before.chunks == places
        self.answers = dict(self.before.answers) if self.before is not None and kept else {}
        self.lost, self.placed = {}, {}

    def extraction(self) -> Extraction[T]:
        data = self.merged.data
        shown = data[WRAPPED] if self.schema.wrapped else data
        spans = self._spans(shown)
        gone = absent(data, self.schema.json, self.schema.json)
        nowhere = (path for path, span in spans.items() if span is None)
        return Extraction(
            value=self.value,
            data=shown,
            spans=spans,
            conflicts=self.merged.conflicts,
            tries=tuple(self.tries),
            chunks=tuple((chunk.start, chunk.end) for chunk in self.chunks),
            missing=tuple(
                MissingPart(chunk=number, start=self.chunks[number].start, end=self.chunks[number].end, error=error)
                for number, error in sorted(self.lost.items())
            ),
            absent=(*(path[1:] if self.schema.wrapped else path for path in gone), *nowhere),
            answers=dict(self.answers),
        )

    def _cut(self, size: int) -> None:
        if self.pictures:
            self.chunks = [TextChunk(0, 0, 0, "")]
            return
        self.chunks = cut(self.text, size, min(self.options.overlap_chars, size // 4))
        if len(self.chunks) > MAX_CHUNKS:
            raise RequestError(
                f"the document has {len(self.text)} characters, which makes {len(self.chunks)} parts of {size}; "
                f"{MAX_CHUNKS} is the most",
                status=413,
                param="file",
                hint="Send it in pieces, or as a batch.",
            )

    async def _ask_all(
        self, parts: dict[int, tuple[Any, tuple[Problem, ...]] | None]
    ) -> AsyncGenerator[Try | Partial, None]:
        """
        Ask about parts, a few at a time; one that fails costs itself alone.

        Raises:
            ChainError: A part is too large for whoever is asked; or nobody is there to ask, so every further part
                would fail alike.
        """
        happenings: asyncio.Queue[Try | Partial | None] = asyncio.Queue()
        several = len(self.chunks) > 1
        room = asyncio.Semaphore(self.options.parallel)

        async def ask(chunk: TextChunk, before: tuple[Any, tuple[Problem, ...]] | None) -> None:
            try:
                async with room, aclosing(self.asker.ask(self._question(chunk, before))) as answers:
                    async for one in answers:
                        if isinstance(one, Growing):
                            happenings.put_nowait(self._grown(one.data))
                            continue
                        if not isinstance(one, Answered):
                            happenings.put_nowait(one)
                            continue
                        self.answers[one.chunk] = one.data
                        if several:
                            happenings.put_nowait(await asyncio.to_thread(self._partial))
            except (ChainError, ExtractionError) as error:
                if not several or _too_large(error) or _everywhere(error):
                    raise
                self.lost[chunk.number] = error

        async def ask_all() -> None:
            await run_all(ask(self.chunks[number], before) for number, before in parts.items())

        async with aclosing(events_of(ask_all, happenings)) as events:
            async for one in events:
                if isinstance(one, Try):
                    self.tries.append(one)
                yield one

    def _question(self, chunk: TextChunk, before: tuple[Any, tuple[Problem, ...]] | None) -> ExtractionPrompt:
        content: str | list[dict[str, Any]]
        if self.pictures:
            words = "The document is this picture." if len(self.pictures) == 1 else "The document is these pictures."
            content = [{"type": "text", "text": words}, *(picture.part for picture in self.pictures)]
        else:
            # The one thing a text must not hold is the end of itself.
            content = "<document>\n" + chunk.text.replace("</document", "< /document") + "\n</document>"
        several = len(self.chunks) > 1
        return ExtractionPrompt(
            schema=self.schema.part() if several else self.schema,
            content=content,
            instructions=self.options.instructions,
            chunk=chunk.number,
            chunks=len(self.chunks),
            before=before,
        )

    def _grown(self, answer: dict[str, Any]) -> Partial:
        """What stands so far in the one answer."""
        data = restore_absent(answer, self.schema.json, self.schema.json)
        wrapped = self.schema.wrapped and isinstance(data, dict)
        return Partial(data=data.get(WRAPPED) if wrapped else data, parts=0, of=1)

    def _partial(self) -> Partial:
        """What the parts answered so far say together."""
        answers = dict(self.answers)
        data = merge(sorted(answers.items()), self.options.prefer, self._places(answers), self.text).data
        wrapped = self.schema.wrapped and isinstance(data, dict)
        return Partial(data=data.get(WRAPPED) if wrapped else data, parts=len(answers), of=len(self.chunks))

    async def _mend(self) -> AsyncGenerator[Try | Partial, None]:
        """Merge, and where the whole breaks a rule ask those parts again that said so."""
        for left in range(self.options.retries, -1, -1):
            problems = await asyncio.to_thread(self._merge)
            if not problems:
                return
            if self.lost:
                # What does not fit may stand in a part that is missing, so it is given as it is.
                data = self.merged.data
                self.value = data[WRAPPED] if self.schema.wrapped and isinstance(data, dict) else data
                return
            guilty = self._guilty(problems)
            if not left or not guilty:
                why = "; ".join(map(str, problems[:3]))
                raise ExtractionError(
                    f"what the document's parts say together does not fit the schema: {why}",
                    problems=[str(problem) for problem in problems],
                    partial=self.merged.data,
                    hint="Make the fields it names optional, or describe them better.",
                )
            async with aclosing(self._ask_all(guilty)) as tries:
                async for one in tries:
                    yield one

    def _merge(self) -> tuple[Problem, ...]:
        """Put the answers together and hold the whole against the schema; say what does not fit."""
        places = self._places(self.answers)
        self.merged = merge(sorted(self.answers.items()), self.options.prefer, places, self.text)
        try:
            data = self.schema.read(self.merged.data)
            self.value = self.schema.value(data)
        except MisfitError as error:
            return tuple(error.problems)
        self.merged = replace(self.merged, data=data)
        return ()

    def _guilty(self, problems: Sequence[Problem]) -> dict[int, tuple[Any, tuple[Problem, ...]] | None]:
        """Find the parts whose values the problems are about; a value that is missing is nobody's."""
        found: dict[int, list[Problem]] = {}
        for problem in problems:
            if (chunk := self.merged.origin.get(problem.path)) is not None and problem.path:
                found.setdefault(chunk, []).append(problem)
        return {chunk: (self.answers[chunk], tuple(wrong)) for chunk, wrong in found.items()}

    def _places(self, answers: Mapping[int, Any]) -> dict[int, dict[Path, Place]]:
        """Of each part, where its values stand in it; looked up once for every answer."""
        if self.pictures or len(self.chunks) < 2:
            return {}
        for number, answer in answers.items():
            if self.placed.get(number, (None,))[0] is not answer:
                chunk = self.chunks[number]
                self.placed[number] = (answer, self.looked.places_within(answer, (chunk.start, chunk.end)))
        return {number: self.placed[number][1] for number in answers}

    def _spans(self, data: Any) -> dict[Path, Span | None]:
        """Each value where the part it was taken from says it, else wherever it stands."""
        if self.pictures:
            return {}
        source = self.looked
        if len(self.chunks) < 2:
            return source.spans(data)
        places = self._places(self.answers)
        prefix: Path = (WRAPPED,) if self.schema.wrapped else ()
        found: dict[Path, Span | None] = {}
        for path, value in _leaves(data):
            if not source.is_findable(path, value):
                continue
            came = self.merged.source((*prefix, *path))
            place = places.get(came[0], {}).get(came[1]) if came is not None else None
            anywhere = source.places(value) if place is None else [place]
            found[path] = source.span(anywhere[0]) if anywhere else None
        return found


def _leaves(data: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(data, dict):
        for name, value in data.items():
            yield from _leaves(value, (*path, name))
    elif isinstance(data, list):
        for place, value in enumerate(data):
            yield from _leaves(value, (*path, place))
    else:
        yield path, data


def _too_large(error: ChainError | ExtractionError) -> bool:
    return isinstance(error, ChainError) and any(failure.kind in _SIZE_KINDS for failure in error.failures)


def _everywhere(error: ChainError | ExtractionError) -> bool:
    """Every part would meet this failure alike."""
    kinds = {failure.kind for failure in error.failures} if isinstance(error, ChainError) else set()
    return bool(kinds) and kinds <= {Kind.AUTH, Kind.QUOTA_EXHAUSTED, Kind.TERMS_REQUIRED, Kind.NOT_PERMITTED}


def _pictures(source: Input) -> tuple[PreparedImage, ...]:
    if isinstance(source, PreparedImage):
        return (source,)
    if isinstance(source, str | Document):
        return ()
    pictures = tuple(source) if isinstance(source, list | tuple) else ()
    if not pictures or not all(isinstance(picture, PreparedImage) for picture in pictures):
        raise RequestError(
            "there is neither text nor a picture to find anything in",
            param="file",
            hint="Give a text, a document that was read, or one or more pictures that were prepared.",
        )
    return pictures


def _text(source: Input) -> str:
    if not isinstance(source, str | Document):
        return ""
    text = source if isinstance(source, str) else source.text
    if not text.strip():
        raise RequestError("there is no text to find anything in", param="file", hint="Send a text that is not empty.")
    return text
