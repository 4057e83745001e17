"""Text, documents and pictures into data that fits a schema, with where each value was found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, TypeAlias, TypeVar, overload

from groq_core.errors import ChainError, ExtractionError, Kind, RequestError
from groq_core.media.image.preparation import PreparedImage
from groq_core.pipeline import Handler
from groq_core.requests import Caller, Request
from groq_core.services.documents.reading import Document
from groq_core.services.extraction.absent import absent
from groq_core.services.extraction.ask import Answered, Asker, ExtractionPrompt, Try
from groq_core.services.extraction.fitting import Problem
from groq_core.services.extraction.merge import Conflict, Merged, merge
from groq_core.services.extraction.options import ExtractionOptions, part_chars
from groq_core.services.extraction.plain import Place
from groq_core.services.extraction.schema import WRAPPED, MisfitError, Schema, TableField, schema_of
from groq_core.services.extraction.spans import Path, SourceText, Span, constants_of
from groq_core.services.extraction.strict import subschemas
from groq_core.services.extraction.text_parts import SMALLEST, TextChunk, cut
from groq_core.status.snapshot import Snapshot

T = TypeVar("T")

Picture: TypeAlias = PreparedImage | Sequence[PreparedImage]
Input: TypeAlias = str | Document | Picture

MAX_CHUNKS: Final = 200
"""Parts of one document; more is a job for a batch."""

_SIZE_KINDS = frozenset({Kind.TOO_LARGE, Kind.CONTEXT_LENGTH})


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """
    What is known so far, while other parts are still being read; nothing in it has been held against the whole schema.

    Attributes:
        data: The answers to the parts there are, put together.
        parts: How many those are, ``of`` how many.
    """

    data: Any
    parts: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingPart:
    """
    A part of the document that nobody could read.

    Attributes:
        start, end: Where it stands, in characters.
        error: Why.
    """

    chunk: int
    start: int
    end: int
    error: ChainError | ExtractionError


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction(Generic[T]):
    """
    What was found, and how.

    Attributes:
        value: The typed value.
        data: The same as plain JSON.
        spans: For every text, number and date in ``data`` where it stands in the document; None when it stands
            nowhere, and so was worked out or made up. Empty for a picture.
        conflicts: Values about which parts of the document contradict each other.
        tries: Every question that was asked, failed ones included.
        chunks: Parts the document was cut into.
        missing: Parts that nobody could read; the data is what the others hold. ``value`` is then the plain data
            where it does not fit the schema without them.
        absent: Fields of the schema that have no value, and values that stand nowhere in the document.
        answers: What each part gave, to go on from: see :meth:`Extractor.extract_detailed`.
    """

    value: T
    data: Any
    spans: Mapping[Path, Span | None]
    conflicts: tuple[Conflict, ...]
    tries: tuple[Try, ...]
    chunks: tuple[Place, ...]
    missing: tuple[MissingPart, ...] = ()
    absent: tuple[Path, ...] = ()
    answers: Mapping[int, Any] = field(default_factory=dict)

    @property
    def cost_usd(self) -> float | None:
        """Price of all tries together; None where no price is known."""
        return total_cost(self.tries)

    @property
    def without_place(self) -> tuple[Path, ...]:
        """The values that stand nowhere in the document."""
        return tuple(path for path, span in self.spans.items() if span is None)


def total_cost(tries: Iterable[Try]) -> float | None:
    """Add up what tries cost; None where no price is known."""
    known = [one.cost_usd for one in tries if one.cost_usd is not None]
    return sum(known) if known else None


@dataclass(frozen=True, slots=True)
class Extractor:
    """
    Finds data in documents.

    Args:
        handle: The pipeline.
        options: Used where a call brings none of its own.
        snapshot: The state of the targets, whose limits say how much of a text may be sent at once.
    """

    handle: Handler[Request]
    options: ExtractionOptions = field(default_factory=ExtractionOptions)
    snapshot: Callable[[], Snapshot] | None = None

    @overload
    async def extract(
        self,
        source: Input,
        schema: type[T] | Schema[T],
        *,
        options: ExtractionOptions | None = None,
        caller: Caller | None = None,
    ) -> T: ...
    @overload
    async def extract(
        self,
        source: Input,
        schema: Mapping[str, Any] | Sequence[TableField],
        *,
        options: ExtractionOptions | None = None,
        caller: Caller | None = None,
    ) -> Any: ...
    async def extract(
        self, source: Input, schema: Any, *, options: ExtractionOptions | None = None, caller: Caller | None = None
    ) -> Any:
        """
        Find data that fits a schema.

        Args:
            source: A text, a document that was read, or a picture that was prepared.
            schema: A Pydantic model or any type Pydantic knows, a JSON Schema, or fields.
            caller: Who asks.

        Raises:
            RequestError: The schema or the source cannot be used.
            ExtractionError: What the models wrote does not fit, after it was asked for again.
            ChainError: Nothing answered, be it to one part of a long text: a value that lacks something is not given
                as whole. :meth:`extract_detailed` gives what there is.
        """
        found = await self.extract_detailed(source, schema, options=options, caller=caller)
        if found.missing:
            raise found.missing[0].error
        return found.value

    @overload
    async def extract_detailed(
        self,
        source: Input,
        schema: type[T] | Schema[T],
        *,
        options: ExtractionOptions | None = None,
        caller: Caller | None = None,
        resume: Extraction[Any] | None = None,
    ) -> Extraction[T]: ...
    @overload
    async def extract_detailed(
        self,
        source: Input,
        schema: Mapping[str, Any] | Sequence[TableField],
        *,
        options: ExtractionOptions | None = None,
        caller: Caller | None = None,
        resume: Extraction[Any] | None = None,
    ) -> Extraction[Any]: ...
    async def extract_detailed(
        self,
        source: Input,
        schema: Any,
        *,
        options: ExtractionOptions | None = None,
        caller: Caller | None = None,
        resume: Extraction[Any] | None = None,
    ) -> Extraction[Any]:
        """
        As :meth:`extract`, with spans, conflicts and every try; parts that fail are named in ``missing``.

        Args:
            resume: An extraction of the same source by the same schema with parts missing; only those are asked.
        """
        async with aclosing(self.stream(source, schema, options=options, caller=caller, resume=resume)) as happenings:
            async for one in happenings:
                if isinstance(one, Extraction):
                    return one
        raise AssertionError("a stream of an extraction ends in one")

    async def stream(
        self,
        source: Input,
        schema: type[T] | Schema[T] | Mapping[str, Any] | Sequence[TableField],
        *,
        options: ExtractionOptions | None = None,
        caller: Caller | None = None,
        resume: Extraction[Any] | None = None,
    ) -> AsyncGenerator[Try | Partial | Extraction[T], None]:
        """
        As :meth:`extract_detailed`, telling of each try as it ends and of what is known after each part.

        Yields:
            Tries and partial data, then the one extraction.
        """
        options = options or self.options
        prepared = schema_of(schema)
        size = part_chars(options, prepared, self.snapshot() if self.snapshot else None)
        run = _Run(self.handle, options, prepared, source, size, caller or options.caller, resume)
        try:
            async with aclosing(run.attempts()) as tries:
                async for one in tries:
                    yield one
            # Thousands of values in a long text are looked up for seconds.
            yield await asyncio.to_thread(run.extraction)
        except ExtractionError as error:
            error.cost_usd = total_cost(run.tries)
            raise


class _Run(Generic[T]):
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

        tasks = [asyncio.create_task(ask(self.chunks[number], before)) for number, before in parts.items()]
        everybody = asyncio.gather(*tasks)
        everybody.add_done_callback(lambda _: happenings.put_nowait(None))
        try:
            while (one := await happenings.get()) is not None:
                if isinstance(one, Try):
                    self.tries.append(one)
                yield one
            await everybody
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, everybody, return_exceptions=True)

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
                raise ExtractionError(
                    "what the document's parts say together does not fit the schema: "
                    + "; ".join(map(str, problems[:3])),
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
    pictures = tuple(source)
    if not pictures or not all(isinstance(picture, PreparedImage) for picture in pictures):
        raise RequestError(
            "there is no picture to find anything in", param="file", hint="Prepare the pictures, and give one or more."
        )
    return pictures


def _text(source: Input) -> str:
    if not isinstance(source, str | Document):
        return ""
    text = source if isinstance(source, str) else source.text
    if not text.strip():
        raise RequestError("there is no text to find anything in", param="file", hint="Send a text that is not empty.")
    return text


def extract_sync(extractor: Extractor, source: Input, schema: Any, **options: Any) -> Any:
    """
    As :meth:`Extractor.extract`, for programs without an event loop.

    Raises:
        RuntimeError: One runs already; await ``extract`` there.
    """
    return asyncio.run(extractor.extract(source, schema, **options))
