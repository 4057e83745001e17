"""Part what a model thinks aloud, in ``<think>…</think>`` at the beginning of its answer, from the answer."""

from __future__ import annotations

from typing import Final

OPEN: Final = "<think>"
CLOSE: Final = "</think>"


class Thoughts:
    """
    Read an answer's text piece by piece.

    Only what the answer begins with is taken for thinking: further down the same letters are something the answer
    speaks of.

    Attributes:
        over: The answer itself has begun; whatever follows is text.
    """

    def __init__(self) -> None:
        self._held = ""
        self._inside = False
        self._thought = False
        self._fresh = False
        self.over = False

    def feed(self, text: str) -> list[tuple[bool, str]]:
        """Take the next text; returns pieces with whether they are thinking."""
        self._held += text
        found: list[tuple[bool, str]] = []
        while self._held and not self.over:
            if self._inside:
                if not self._read_thought(found):
                    return found
            elif not self._read_start():
                return found
        if self._held:
            found.append((False, self._held))
            self._held = ""
        return found

    def close(self) -> list[tuple[bool, str]]:
        """The answer ends: what was held back because it could have been part of a tag."""
        held, self._held = self._held, ""
        return [(self._inside, held)] if held and (self._inside or not self._thought) else []

    def _read_start(self) -> bool:
        """Find out how the answer begins; False while that is not clear."""
        bare = self._held.lstrip()
        if bare.startswith(OPEN):
            self._held, self._inside, self._thought = bare[len(OPEN) :], True, True
            self._fresh = True
            return True
        if bare.startswith(CLOSE) and not self._thought:
            # The thinking was begun in the question, and nothing was thought.
            self._held, self._thought = bare[len(CLOSE) :], True
            return True
        if OPEN.startswith(bare) or (CLOSE.startswith(bare) and not self._thought):
            return False
        # The blank lines between thinking and answer belong to neither.
        self._held = bare if self._thought else self._held
        self.over = True
        return True

    def _read_thought(self, found: list[tuple[bool, str]]) -> bool:
        """Read up to the end of the thinking; False where it is not here yet. Its tags stand on lines of their own."""
        thought, tag, rest = self._held.partition(CLOSE)
        if self._fresh:
            thought = thought.lstrip("\n")
        if tag:
            if thought := thought.rstrip("\n"):
                found.append((True, thought))
            self._held, self._inside = rest, False
            return True
        part = next((size for size in range(len(CLOSE) - 1, 0, -1) if thought.endswith(CLOSE[:size])), 0)
        sure = thought[: len(thought) - part].rstrip("\n")
        if sure:
            found.append((True, sure))
            self._fresh = False
        self._held = thought[len(sure) :]
        return False
