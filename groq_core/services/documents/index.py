"""
Find the pages of a long document that a question is about: a light index (BM25), and no more text than fits.

A book of 300 pages is 150,000 tokens; a plan of 8,000 a minute takes no more than a few pages of it at once. The
index costs nothing but a pass over the words, needs no model, and every passage keeps the number of its page, so an
answer can name it.
"""

from __future__ import annotations

import math
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from groq_core.services.documents.parts import Document, DocumentPage

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MOST_TOKENS: Final = 7_000
"""Of one question with what is quoted, below the 8,000 a minute of a free plan."""

PASSAGE: Final = 1_200
"""Characters of a passage: a few paragraphs."""

SHARED: Final = 200
"""Characters two neighbours share, so that a sentence on the border stands whole in one of them."""

_RESERVED: Final = 600
"""Tokens of a question that are no quotes: the instructions and what a wire adds."""

_PLACE_TOKENS: Final = 12
"""Of the line above a passage that says where it stands."""

_BEFORE: Final = 0.35
"""What an earlier question counts beside the newest."""

_SAMPLES: Final = 24
"""Passages of an overview, at most, beside the beginnings."""

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
        document: Which of the documents of an index it is from, counted from 0.
    """

    page: int
    start: int
    end: int
    text: str
    score: float = 0.0
    document: int = 0

    @property
    def place(self) -> str:
        return f"p. {self.page}" if self.page else f"characters {self.start}–{self.end}"


class Index:
    """
    An index of one document or several. Building it takes about a second for a million characters.

    >>> index = Index(Document(name="a.txt", kind="text", text="The cat sat.\\n\\nThe pump costs 40 euros."))
    >>> index.search("What does the pump cost?")[0].start
    0
    """

    def __init__(self, *documents: Document, passage: int = PASSAGE) -> None:
        self.documents = documents
        self.passages = tuple(
            replace(one, document=number)
            for number, document in enumerate(documents)
            for one in _passages(document, passage)
        )
        words = [words_of(one.text) for one in self.passages]
        self._passages_with = Counter(word for one in words for word in set(one))
        self._engine: Any = None
        if any(words):
            import bm25s  # half a second, which no start should wait for

            self._engine = bm25s.BM25(method="lucene", k1=1.2, b=0.6)
            self._engine.index([list(map(str, one)) or ["\0"] for one in words], show_progress=False)

    def search(self, question: str, limit: int = 8, *, before: str = "") -> list[Passage]:
        """
        The passages that fit a question best, the best first; those that share no word with it are left out.

        Args:
            before: What was asked earlier, which a question like "and its weight?" is to be understood by.
        """
        import numpy as np  # as late as whose scores these are

        scores = self._scores(question)
        if before:
            scores = scores + _BEFORE * self._scores(before)
        best = np.argsort(-scores, kind="stable")[:limit]
        return [replace(self.passages[at], score=float(scores[at])) for at in best if scores[at] > 0]

    def _scores(self, question: str) -> npt.NDArray[np.float32]:
        import numpy as np

        nothing = np.zeros(len(self.passages), np.float32)
        if self._engine is None:
            return nothing
        known = [word for word in dict.fromkeys(words_of(question)) if word in self._engine.vocab_dict]
        return np.asarray(self._engine.get_scores(known), np.float32) if known else nothing

    def weights(self, question: str) -> dict[str, float]:
        """The words of a question in one spelling, with how much each tells: the rarer, the more."""
        count = len(self.passages) + 1
        return {word: math.log(count / (1 + self._passages_with[word])) + 0.1 for word in words_of(question)}

    def overview(self) -> list[Passage]:
        """Every document's beginning, then passages from all over them, for a question about the whole."""
        firsts = [next((one for one in self.passages if one.document == at), None) for at in range(len(self.documents))]
        begun = [one for one in firsts if one is not None]
        step = max(1, len(self.passages) // _SAMPLES)
        return list(dict.fromkeys((*begun, *self.passages[step // 2 :: step])))

    def quotes(
        self, question: str, *, tokens: int = MOST_TOKENS - _RESERVED, before: str = "", whole: bool = False
    ) -> list[Passage]:
        """
        As many of the best passages as fit into so many tokens, in the order of the documents.

        Args:
            whole: The question is about the documents as a whole: an overview of them is taken.
        """
        chosen, left = list[Passage](), tokens
        for passage in self.overview() if whole else self.search(question, limit=40, before=before):
            cost = count_tokens(passage.text) + _PLACE_TOKENS
            if cost <= left:
                chosen.append(passage)
                left -= cost
        return sorted(chosen, key=lambda one: (one.document, one.start))

    def prompt(self, question: str, *, tokens: int = MOST_TOKENS) -> str:
        """A question with what the documents say about it, within so many tokens, ready for any model."""
        quotes = self.quotes(question, tokens=max(200, tokens - _RESERVED - count_tokens(question)))
        parts = [f"[{one.place}]\n{one.text}" for one in quotes] or ["(no passage shares a word with the question)"]
        names = ", ".join(document.name for document in self.documents)
        head = f"The document is {names}. {INSTRUCTIONS}"
        return "\n\n".join((head, *parts, f"Question: {question}"))


def count_tokens(text: str) -> int:
    """
    Tokens of a text at most, by its letters: words take fewer than a letter in three, numbers and signs one in two,
    other alphabets about as many, signs of words and syllables one each.

    >>> count_tokens("four score and seven"), count_tokens("1,234.56"), count_tokens("請求書"), count_tokens("")
    (7, 4, 3, 0)
    """
    ascii_text = text.encode("ascii", "ignore")
    ascii_words = len(ascii_text) - len(ascii_text.translate(None, _OF_WORDS))
    ascii_others = len(ascii_text) - ascii_words
    others = len(text) - len(ascii_text)
    # From U+0800 on a sign takes a byte more in UTF-8 than those before, from U+10000 on two, and in UTF-16 twice two.
    farthest = len(text.encode("utf-16-le", "surrogatepass")) // 2 - len(text)
    far = len(text.encode("utf-8", "surrogatepass")) - len(ascii_text) - 2 * others - farthest
    return math.ceil(ascii_words / 3.2 + ascii_others / 2 + (others - far) / 1.8 + far)


_OF_WORDS: Final = string.ascii_letters.encode() + b" \n\f"


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


def words_of(text: str) -> list[str]:
    """
    Words in one spelling, numbers and codes also in their parts, signs of scripts without spaces in pairs.

    >>> words_of("Réf. A-17/4: Pumps")
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
