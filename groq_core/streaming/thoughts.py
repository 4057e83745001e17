"""Part what a model thinks aloud, in tags like ``<think>…</think>`` at the beginning of its answer, from the answer."""

from __future__ import annotations

import re
from typing import Final

TAGS: Final = {
    **{f"<{word}>": f"</{word}>" for word in ("think", "thinking", "thought", "thoughts", "seed:think")},
    "[think]": "[/think]",
    "◁think▷": "◁/think▷",
    "<|start_thinking|>": "<|end_thinking|>",
    "<|channel|>analysis<|message|>": "<|end|>",
}
"""What thinking begins with and what it ends with, in small letters; models write some of them in capitals."""

_BETWEEN: Final = ("<|start|>assistant<|channel|>final<|message|>", "<|channel|>final<|message|>")
"""What a server forgets between the thinking and the answer."""

_BEGUN: Final = (*TAGS.values(), *_BETWEEN)
"""What an answer may begin with whose thinking was begun in the question, and nothing was thought."""

_FIRST: Final = frozenset(tag[0] for tag in (*TAGS, *_BEGUN))
"""What any of these begins with: of nearly every answer the first letter tells that it is none of them."""

_CLOSES: Final = {tag: re.compile(re.escape(tag), re.IGNORECASE | re.ASCII) for tag in TAGS.values()}


def begins_plainly(text: str) -> bool:
    """
    Whether the first letter of an answer tells already that it begins with no thinking.

    >>> begins_plainly("Hello"), begins_plainly(" <think>"), begins_plainly(" ")
    (True, False, False)
    """
    bare = text.lstrip()
    return bool(bare) and bare[0].lower()[0] not in _FIRST


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
        # What ends the thinking that is being read; empty outside of it.
        self._close = ""
        self._thought = False
        self._fresh = False
        self.over = False

    def feed(self, text: str) -> list[tuple[bool, str]]:
        """Take the next text; returns pieces with whether they are thinking."""
        self._held += text
        found: list[tuple[bool, str]] = []
        while self._held and not self.over:
            if self._close:
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
        if self._thought and not self._close:
            held = held.lstrip()
        return [(bool(self._close), held)] if held else []

    def _read_start(self) -> bool:
        """Find out how the answer begins; False while that is not clear."""
        bare = self._held.lstrip()
        small = bare[:64].lower()
        if small and small[0] not in _FIRST:
            return self._begin_answer(bare)
        if tag := next((tag for tag in TAGS if small.startswith(tag)), ""):
            self._held, self._close, self._thought = bare[len(tag) :], TAGS[tag], True
            self._fresh = True
            return True
        passed = _BETWEEN if self._thought else _BEGUN
        if tag := next((tag for tag in passed if small.startswith(tag)), ""):
            self._held, self._thought = bare[len(tag) :], True
            return True
        if any(tag.startswith(small) for tag in (*TAGS, *passed)):
            return False
        return self._begin_answer(bare)

    def _begin_answer(self, bare: str) -> bool:
        # The blank lines between thinking and answer belong to neither.
        self._held = bare if self._thought else self._held
        self.over = True
        return True

    def _read_thought(self, found: list[tuple[bool, str]]) -> bool:
        """Read up to the end of the thinking; False where it is not here yet. Its tags stand on lines of their own."""
        end = _CLOSES[self._close].search(self._held)
        thought = self._held[: end.start()] if end else self._held
        if self._fresh:
            thought = thought.lstrip("\n")
        if end:
            if thought := thought.rstrip("\n"):
                found.append((True, thought))
            self._held, self._close = self._held[end.end() :], ""
            return True
        small = thought[-len(self._close) :].lower()
        part = next((size for size in range(len(self._close) - 1, 0, -1) if small.endswith(self._close[:size])), 0)
        sure = thought[: len(thought) - part].rstrip("\n")
        if sure:
            found.append((True, sure))
            self._fresh = False
        self._held = thought[len(sure) :]
        return False
