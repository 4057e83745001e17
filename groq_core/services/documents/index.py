"""
Find the pages of a long document that a question is about: a light index (BM25), and no more text than fits.

A book of 300 pages is 150,000 tokens; a plan of 8,000 a minute takes no more than a few pages of it at once. The
index costs nothing but a pass over the words, needs no model, and every passage keeps the number of its page, so an
answer can name it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import bm25s
import numpy as np

from groq_core.services.documents.parts import Document, DocumentPage

MOST_TOKENS: Final = 7_000
"""Of one question with what is quoted, below the 8,000 a minute of a free plan."""

CHARACTERS_PER_TOKEN: Final = 3.2
"""On the safe side: English has 4.2, German 3.4, numbers fewer."""

PASSAGE: Final = 1_200
"""Characters of a passage: a few paragraphs."""

SHARED: Final = 200
"""Characters two neighbours share, so that a sentence on the border stands whole in one of them."""

_RESERVED: Final = 600
"""Tokens of a question that are no quotes: the instructions and the question itself."""

_WORD: Final = re.compile(r"[^\W_]+(?:[.,:/-][^\W_]+)*")
_PART: Final = re.compile(r"[^\W_]+")
_UNSPACED: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0eff\u1780-\u17ff]")

INSTRUCTIONS: Final = (
    "Answer the question from these passages of the document alone, and name the page of everything you say, "
    "like this: (p. 12). Quote the words that matter. If the passages do not hold the answer, say so."
)


@dataclass(frozen=True, slots=True)
class Passage:
    """
    A piece of a document.

    Attributes:
        page: Its number, counted from 1; 0 where the document has no pages.
        start, end: Offsets in the document's text.
        score: How well it fits a question; larger is better.
    """

    page: int
    start: int
    end: int
    text: str
    score: float = 0.0

    @property
    def place(self) -> str:
        return f"p. {self.page}" if self.page else f"characters {self.start}–{self.end}"


class Index:
    """
    An index of one document. Building it takes about a second for a million characters.

    >>> index = Index(Document(name="a.txt", kind="text", text="The cat sat.\\n\\nThe pump costs 40 euros."))
    >>> index.search("What does the pump cost?")[0].start
    0
    """

    def __init__(self, document: Document, *, passage: int = PASSAGE) -> None:
        self.document = document
        self.passages = tuple(_passages(document, passage))
        words = [_words(one.text) for one in self.passages]
        self._engine: Any = None
        if any(words):
            self._engine = bm25s.BM25(method="lucene", k1=1.2, b=0.6)
            self._engine.index([list(map(str, one)) or ["\0"] for one in words], show_progress=False)

    def search(self, question: str, limit: int = 8) -> list[Passage]:
        """The passages that fit a question best, the best first; those that share no word with it are left out."""
        words = list(dict.fromkeys(_words(question)))
        if self._engine is None or not words:
            return []
        known = [word for word in words if word in self._engine.vocab_dict]
        if not known:
            return []
        scores = np.asarray(self._engine.get_scores(known))
        best = np.argsort(-scores, kind="stable")[:limit]
        return [_score(self.passages[at], float(scores[at])) for at in best if scores[at] > 0]

    def quotes(self, question: str, *, tokens: int = MOST_TOKENS - _RESERVED) -> list[Passage]:
        """As many of the best passages as fit into so many tokens, in the order of the document."""
        chosen, left = list[Passage](), int(tokens * CHARACTERS_PER_TOKEN)
        for passage in self.search(question, limit=40):
            cost = len(passage.text) + 40
            if cost <= left:
                chosen.append(passage)
                left -= cost
        return sorted(chosen, key=lambda one: one.start)

    def prompt(self, question: str, *, tokens: int = MOST_TOKENS) -> str:
        """A question with what the document says about it, within so many tokens, ready for any model."""
        quotes = self.quotes(question, tokens=max(200, tokens - _RESERVED - _tokens(question)))
        parts = [f"[{one.place}]\n{one.text}" for one in quotes] or ["(no passage shares a word with the question)"]
        head = f"The document is {self.document.name}. {INSTRUCTIONS}"
        return "\n\n".join((head, *parts, f"Question: {question}"))


def _tokens(text: str) -> int:
    return int(len(text) / CHARACTERS_PER_TOKEN) + 1


def _score(passage: Passage, score: float) -> Passage:
    return Passage(passage.page, passage.start, passage.end, passage.text, score)


def _passages(document: Document, size: int) -> list[Passage]:
    pages: Sequence[DocumentPage] = document.pages or (DocumentPage(0, 0, len(document.text)),)
    return [passage for page in pages for passage in _cut(document.text, page, size)]


def _cut(text: str, page: DocumentPage, size: int) -> list[Passage]:
    """Cut a page at paragraphs or sentences; a short rest goes to the piece before it."""
    found, start = list[Passage](), page.start
    while start < page.end:
        end = page.end if page.end - start <= size * 1.3 else _break(text, start, start + size)
        if piece := text[start:end].strip():
            found.append(Passage(page.number, start, end, piece))
        if end >= page.end:
            break
        start = max(start + 1, end - SHARED)
        start = _begin(text, start, end)
    return found


def _break(text: str, start: int, end: int) -> int:
    for mark in ("\n\n", "\n", ". ", "。", " "):
        at = text.rfind(mark, start + (end - start) // 2, end)
        if at >= 0:
            return at + len(mark)
    return end


def _begin(text: str, start: int, end: int) -> int:
    """Where a word begins at or after ``start``."""
    at = text.find(" ", start, end)
    return at + 1 if at >= 0 else start


def _words(text: str) -> list[str]:
    """
    Words in one spelling, numbers and codes also in their parts, signs of scripts without spaces in pairs.

    >>> _words("Réf. A-17/4: Pumps")
    ['ref', 'a-17/4', 'a', '17', '4', 'pump']
    """
    plain = "".join(
        letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter)
    )
    found: list[str] = []
    for match in _WORD.finditer(plain):
        word = match[0]
        if _UNSPACED.search(word):
            found += [word[at : at + 2] for at in range(max(1, len(word) - 1))]
            continue
        parts = _PART.findall(word)
        found += [word, *parts] if len(parts) > 1 else [_stem(word)]
    return found


def _stem(word: str) -> str:
    """Plurals and simple endings of English taken off; others find themselves."""
    for ending in ("ies", "ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word.removesuffix("e") if len(word) > 4 else word
