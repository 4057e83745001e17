"""Text, documents and pictures into data that fits a schema, with where each value was found."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, TypeVar, overload

from groq_core.errors import ExtractionError
from groq_core.pipeline import Handler
from groq_core.requests import Caller, Request
from groq_core.services.extraction.ask import Try
from groq_core.services.extraction.extraction_run import Input, Reading
from groq_core.services.extraction.found import Extraction, Partial, total_cost
from groq_core.services.extraction.options import ExtractionOptions, part_chars
from groq_core.services.extraction.schema import Schema, TableField, schema_of
from groq_core.status.snapshot import Snapshot

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Extractor:
    """
    Finds data in documents.

    Args:
        handle: The pipeline.
        options: Used where a call brings none of its own.
        snapshot: The state of the targets, whose limits say how much of a text may be sent at once.
        simulated: The simulator answers whoever brings no key of their own, and extractions say so.
    """

    handle: Handler[Request]
    options: ExtractionOptions = field(default_factory=ExtractionOptions)
    snapshot: Callable[[], Snapshot] | None = None
    simulated: bool = False

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
        async with aclosing(self._plain(source, schema, options, caller, resume)) as happenings:
            async for one in happenings:
                if isinstance(one, Extraction):
                    return one
        raise AssertionError("a stream of an extraction ends in one")

    def _plain(
        self,
        source: Input,
        schema: Any,
        options: ExtractionOptions | None,
        caller: Caller | None,
        resume: Extraction[Any] | None,
    ) -> AsyncGenerator[Try | Partial | Extraction[Any], None]:
        """Nobody looks at what grows, so nobody is asked to stream."""
        return self.stream(source, schema, options=options, caller=caller, resume=resume, growing=False)

    async def stream(
        self,
        source: Input,
        schema: type[T] | Schema[T] | Mapping[str, Any] | Sequence[TableField],
        *,
        options: ExtractionOptions | None = None,
        caller: Caller | None = None,
        resume: Extraction[Any] | None = None,
        growing: bool = True,
    ) -> AsyncGenerator[Try | Partial | Extraction[T], None]:
        """
        As :meth:`extract_detailed`, telling of each try as it ends and of what is known after each part.

        Args:
            growing: Also while the answer to a document of one part is being written.

        Yields:
            Tries and partial data, then the one extraction.
        """
        options = options or self.options
        prepared = schema_of(schema)
        size = part_chars(options, prepared, self.snapshot() if self.snapshot else None)
        run = Reading(self.handle, options, prepared, source, size, caller or options.caller, resume)
        run.growing = growing
        try:
            async with aclosing(run.attempts()) as tries:
                async for one in tries:
                    yield one
            # Thousands of values in a long text are looked up for seconds.
            found = await asyncio.to_thread(run.extraction)
            simulated = self.simulated and (caller is None or caller.groq_key is None)
            yield dataclasses.replace(found, simulated=True) if simulated else found
        except ExtractionError as error:
            error.cost_usd = total_cost(run.tries)
            raise


def extract_sync(extractor: Extractor, source: Input, schema: Any, **options: Any) -> Any:
    """
    As :meth:`Extractor.extract`, for programs without an event loop.

    Raises:
        RuntimeError: One runs already; await ``extract`` there.
    """
    if asyncio._get_running_loop() is not None:
        raise RuntimeError("an event loop runs here already (a notebook has one): write `await extractor.extract(…)`")
    return asyncio.run(extractor.extract(source, schema, **options))
