"""What comes out of an extraction: data, the place of every value, what is missing, and every question asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from groq_core.errors import ChainError, ExtractionError
from groq_core.services.extraction.ask import Try
from groq_core.services.extraction.looking import Path
from groq_core.services.extraction.merge import Conflict
from groq_core.services.extraction.plain import Place
from groq_core.services.extraction.spans import Span

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """
    What is known so far, while the answer is being written or other parts are still being read; nothing in it has been
    held against the whole schema.

    Attributes:
        data: The answers to the parts there are, put together; where there is but one part, what stands in its answer
            so far, whole values only.
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
        simulated: The simulator answered, and no model.
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
    simulated: bool = False

    @property
    def cost_usd(self) -> float | None:
        """Price of all tries together; None where no price is known."""
        return total_cost(self.tries)

    @property
    def parts_missing(self) -> list[dict[str, Any]]:
        """The parts that nobody could read, as they are told: where each stands, in characters, and why."""
        return [{"start": part.start, "end": part.end, "error": part.error.message} for part in self.missing]

    @property
    def without_place(self) -> tuple[Path, ...]:
        """The values that stand nowhere in the document."""
        return tuple(path for path, span in self.spans.items() if span is None)


def total_cost(tries: Iterable[Try]) -> float | None:
    """Add up what tries cost; None where no price is known."""
    known = [one.cost_usd for one in tries if one.cost_usd is not None]
    return sum(known) if known else None
