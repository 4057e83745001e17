"""Where the time goes between the end of what is said and the first sound: what the page and the provider did when."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.rows import median, percentile

Asked = list[tuple[str, str, float]]
"""Whom the page asked (the last part of the route), with what behind it, and when."""

MARKS: Final = (
    ("judge", "the turn model is asked, as the voice falls", "page"),
    ("judged", "its answer is here", "server"),
    ("transcribe", "the recording is sent", "page"),
    ("transcribe asked", "the provider is asked for its words", "server"),
    ("chat", "the question is sent, which waits for its words there", "page"),
    ("transcribe told", "the provider has told them", "provider"),
    ("chat asked", "the provider is asked the question", "server"),
    ("chat told", "it has told its first words", "provider"),
    ("speak asked", "the provider is asked for the sound of its sentence", "server"),
    ("speak", "the sentence is sent to be spoken", "page"),
    ("speak told", "the provider has told its sound", "provider"),
    ("sound", "sound", "page"),
)
"""Name, what happens, and whose the time since the mark before is; of the server with the way to it."""

RECORDING: Final = "transcribe asked"


class ProviderClock:
    """
    When the provider was asked and had told what it was asked for, in the last round.

    The page's clock and ours are the machine's; the page's begins when it was opened.
    """

    def __init__(self) -> None:
        self.at: dict[str, float] = {}

    def note(self, mark: str) -> None:
        """The first time counts: what follows is of later sentences. A recording that is sent begins anew."""
        if mark == RECORDING:
            self.at.clear()
        self.at.setdefault(mark, 1000 * time.time())

    def clear(self) -> None:
        self.at.clear()


@dataclass(frozen=True)
class Timeline:
    """Milliseconds since the end of what was said, or since the release, by mark; what did not happen is missing."""

    at: dict[str, float]

    @classmethod
    def of(cls, since: float, origin: float, page: dict[str, Any], provider: dict[str, float]) -> Timeline:
        """
        Put the page's marks and the provider's together.

        Args:
            since: From when it counts, on the page's clock.
            origin: When that clock began, Unix time in milliseconds.
            page: What the page did: ``asked`` and ``answered``, rows of name, query and time, and ``sound``.
            provider: Unix time in milliseconds by mark.
        """
        at = {"sound": float(page["sound"]), **{mark: when - origin for mark, when in provider.items()}}
        asked: Asked = page["asked"]
        sent = {name: when for name, _, when in reversed(asked) if name in ("chat", "speak")}
        written = [when for name, _, when in asked if name == "transcribe" and when < sent.get("chat", float("inf"))]
        if written:
            sent["transcribe"] = written[-1]
        judged = [when for name, query, when in asked if name == "turn" and when < sent.get("transcribe", 0.0)]
        if judged:
            sent["judge"] = judged[-1]
            answers = [when for name, _, when in page["answered"] if name == "turn" and when >= judged[-1]]
            at |= {"judged": answers[0]} if answers else {}
        return cls({mark: when - since for mark, when in (at | sent).items()})


def in_words(what: str, found: Sequence[Timeline]) -> str:
    """A table: each mark's median and 95th percentile, and the median of what it took since the mark before it."""
    lines = [f"{what}, {len(found)} rounds (ms)", f"{'at':>7} {'p95':>6} {'took':>6} {'p95':>6}"]
    previous: str | None = None
    for mark, words, whose in MARKS:
        at = [one.at[mark] for one in found if mark in one.at]
        if not at:
            continue
        took = [one.at[mark] - (one.at.get(previous, 0.0) if previous else 0.0) for one in found if mark in one.at]
        figures = f"{median(at):7.0f} {percentile(at, 0.95):6.0f} {median(took):6.0f} {percentile(took, 0.95):6.0f}"
        lines.append(f"{figures}  {words} ({whose})")
        previous = mark
    return "\n".join(lines)
