"""
Sentences for long answers: what is true of any answer on its way from a model to its reader.

The simulator knows nothing of the world, so where it is asked for more than it can compute it tells of this.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count

STATEMENTS = (
    "A language model writes one token after the other, and a token is about three quarters of an English word",
    "The first token takes longest, because the whole prompt has to be read before anything can be said",
    "After the first token the pace is nearly constant, so the length of an answer decides how long it takes",
    "Streaming does not make an answer faster; it makes waiting for it bearable",
    "Server-sent events are plain text: a line that begins with `data:`, then an empty line",
    "One read from the network may bring half an event, one event or twenty of them",
    "A stream without a finish reason was cut, however complete its last sentence looks",
    "Rate limits are buckets that empty at a steady rate, so waiting a little often helps",
    "Each model has limits of its own, and another model is another bucket",
    "A retry is polite when it waits, and most polite when it waits a random time",
    "Trying again at once is how many clients turn a small outage into a large one",
    "A circuit breaker spares a target that fails, and lets one request through now and then to see if it is back",
    "Falling back to another model is only useful when it happens before the reader gives up",
    "When an answer breaks in the middle, the next model may go on from there if it takes a prefill",
    "Cached answers cost nothing and arrive at once, but only identical questions have identical answers",
    "A deadline belongs to the whole request, not to each attempt",
    "Temperature zero makes a model repeat itself, which is what tests and caches want",
    "The context window holds the prompt and the answer together",
    "A picture costs about as many tokens as two pages of text",
    "Speech is transcribed many times faster than it was spoken",
    "Tools let a model ask for facts; the program that runs them stays in charge",
    "Arguments of a tool call are text until they have been checked against a schema",
    "Structured output saves the caller from parsing prose",
    "What a provider counts as a token is its own affair, so estimates should err on the high side",
    "Closing a connection is the only way to tell a server that nobody listens any more",
    "An error message should say what happened, to whom, and what would help",
    "Measuring at the client includes the network; measuring at the server does not",
    "Two decimal places are enough for seconds, and too many for opinions",
    "Nobody notices a second saved at the end of an answer, everybody one saved at its beginning",
    "A status page is honest when it reads the same numbers as the program it describes",
    "Buffers hide small delays and add a large one",
    "The slowest of a hundred readers should not hold up the other ninety-nine",
)
OPENERS = (
    "In short,",
    "Put plainly,",
    "It helps to know this:",
    "In practice,",
    "By the way,",
    "More precisely,",
    "Besides,",
)
HEADINGS = (
    "Where it begins",
    "How it travels",
    "What it costs",
    "What goes wrong",
    "What is measured",
    "A closer look",
    "What follows",
    "Details that matter",
)


def sentences(rng: random.Random) -> Iterator[str]:
    """Endless sentences, each statement once before any comes again."""
    while True:
        for statement in rng.sample(STATEMENTS, len(STATEMENTS)):
            if rng.random() < 0.25:
                yield f"{rng.choice(OPENERS)} {statement[0].lower()}{statement[1:]}."
            else:
                yield f"{statement}."


def paragraphs(rng: random.Random) -> Iterator[str]:
    """Endless Markdown: a heading, then three paragraphs of three to five sentences, and again."""
    said = sentences(rng)
    for number in count():
        part = f" ({number // len(HEADINGS) + 1})" if number >= len(HEADINGS) else ""
        yield f"## {HEADINGS[number % len(HEADINGS)]}{part}"
        for _ in range(3):
            yield " ".join(next(said) for _ in range(rng.randint(3, 5)))
