"""The part of a limit that the lines of batches get however many people ask, so that none of them waits for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from math import inf
from typing import Final, TypeAlias

from groq_core.ratelimit.cost import Cost

LINES_PART: Final = 0.1
"""
Of what is let in while lines wait. Whoever sits in front of an answer hardly notices a tenth, and a batch ends: at
1,000 requests a minute it is 144,000 lines within a day.
"""

QUESTIONS_A_LINE: Final = 1 / LINES_PART - 1
"""How often what a line takes is taken by questions before its turn comes."""

REMEMBERED_S: Final = 600.0
"""How long a line counts as waiting that found no place and comes again; a batch pauses for half as long at most."""

Part: TypeAlias = Callable[[Cost], float]
"""The largest part of a limit that a request takes."""


class LinesPart:
    """
    What questions took since a line was let in last, while lines were waiting.

    It is counted by what is taken, and not by heads, so that long lines do not crowd out short questions. A line that
    gives up waiting and comes again later finds the count as it was.

    Attributes:
        passed: Parts of limits that questions took.
    """

    def __init__(self, part: Part, clock: Callable[[], float]) -> None:
        self.passed = 0.0
        self._part = part
        self._clock = clock
        self._wanted_at = -inf

    def want(self) -> None:
        """A line waits, or was told to come again."""
        now = self._clock()
        if now - self._wanted_at > REMEMBERED_S:
            self.passed = 0.0
        self._wanted_at = now

    def pass_by(self, question: Cost, *, waiting: bool) -> None:
        """A question was let in; ``waiting`` where lines are in the queue now."""
        if waiting:
            self._wanted_at = self._clock()
        if self._clock() - self._wanted_at <= REMEMBERED_S:
            self.passed += self._part(question)

    def let_in(self) -> None:
        """It was a line's turn."""
        self.passed = 0.0

    def is_due(self, line: Cost) -> bool:
        """Whether it is this line's turn though questions wait."""
        return self._is_due(line, self.passed)

    def _is_due(self, line: Cost, passed: float) -> bool:
        # Parts of one size, added up, may come to a little less.
        return passed > 0 and QUESTIONS_A_LINE * self._part(line) <= passed * (1 + 1e-9)

    def in_turn(self, questions: Iterable[Cost], lines: Iterable[Cost]) -> Iterator[tuple[bool, Cost]]:
        """Those who wait, in the order in which they will be let in; True for lines."""
        passed, waiting = self.passed, iter(lines)
        line = next(waiting, None)
        for question in questions:
            if line is not None and self._is_due(line, passed):
                yield True, line
                passed, line = 0.0, next(waiting, None)
            yield False, question
            passed += self._part(question)
        while line is not None:
            yield True, line
            line = next(waiting, None)
