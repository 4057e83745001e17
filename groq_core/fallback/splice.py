"""Join an answer that broke off to what another attempt goes on to write, without doubling or losing a word."""

from __future__ import annotations

from typing import Literal

HOLD = 64
"""Characters of a continuation held back until it is clear how it meets what was sent."""

SURE = 24
"""Characters that must agree before a continuation is taken for the whole answer begun anew."""

OVERLAP = 8
"""Shortest repetition at a seam that is no coincidence: "Hel" + "lo" shares one letter and is right as it is."""


class Diverged(Exception):  # noqa: N818 - an outcome, not an error
    """
    The new answer says something else than what was sent.

    Attributes:
        text: The new answer so far, from its beginning.
    """

    def __init__(self, text: str) -> None:
        super().__init__("the new answer differs from what was sent")
        self.text = text


class Unclear(Exception):  # noqa: N818 - an outcome, not an error
    """Whether it goes on or says again what was sent cannot be told from what came: it must be asked anew, plainly."""


class Splice:
    """
    Decide, piece by piece, what of a new attempt's text is news to the reader.

    Args:
        sent: Everything the reader has.
        mode: ``continue`` where the model was given ``sent`` as the beginning of its answer; ``repeat`` where
            it answers from the start. A model that was to continue but starts over is recognised.
        guess: What looks like a repetition is taken for one. Else it is :class:`Unclear`: a table's second row may
            begin as the first did, and then a letter taken for repeated is a letter lost.
    """

    def __init__(self, sent: str, mode: Literal["continue", "repeat"], *, guess: bool = True) -> None:
        self._sent = sent
        self._mode = mode
        self._guess = guess
        self._held = ""
        self._matched = 0
        self.joined = False

    def feed(self, text: str) -> str:
        """
        Take the next text of the new attempt.

        Returns:
            What may be sent on, which is nothing until the seam is found.

        Raises:
            Diverged: The new answer contradicts what was sent.
            Unclear: It cannot be told how it meets what was sent.
        """
        if self.joined:
            return text
        if self._mode == "repeat":
            return self._swallow(text)
        # A few letters meet nearly any text somewhere, so nothing is decided by fewer than these.
        self._held += text
        return self._meet() if len(self._held) >= HOLD else ""

    def close(self) -> str:
        """
        The new attempt is finished.

        Returns:
            What was still held back.

        Raises:
            Diverged: The new answer ended before it had repeated all that was sent.
        """
        if self.joined:
            return ""
        if self._mode == "continue":
            held = self._meet()
            if self.joined:
                return held
        if self._matched < len(self._sent):
            raise Diverged(self._sent[: self._matched])
        self.joined = True
        return ""

    def _meet(self) -> str:
        held, sent = self._held, self._sent
        same = _common_prefix(held, sent)
        # A shared beginning is no repetition yet: all of one side must stand in the other.
        again = same >= min(SURE, len(sent)) and (same == len(held) or same == len(sent))
        # The longest overlap first: with a shorter one the letters in between would be there twice.
        overlap = next(
            (size for size in range(min(len(held), len(sent)), OVERLAP - 1, -1) if sent.endswith(held[:size])), 0
        )
        if (again or overlap) and not self._guess:
            raise Unclear
        if again:
            self._mode, self._held = "repeat", ""
            return self._swallow(held)
        self.joined = True
        return held[overlap:]

    def _swallow(self, text: str) -> str:
        sent, matched = self._sent, self._matched
        expected = sent[matched : matched + len(text)]
        if text.startswith(expected):
            self._matched = matched + len(expected)
            if self._matched == len(sent):
                self.joined = True
                return text[len(expected) :]
            return ""
        raise Diverged(sent[:matched] + text)


def _common_prefix(a: str, b: str) -> int:
    size = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        size += 1
    return size
