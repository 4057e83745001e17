"""
Documents that go along with a question: whole while they fit, else the passages it is about.

A page sends its documents in the text of a question, each between ``<attachment name="…">`` and ``</attachment>``.
What is too long for a plan's minute is looked through here, and what was chosen is told, with its pages.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple

from cachetools import LRUCache

from groq_core.events import Quote
from groq_core.services.documents.index import INSTRUCTIONS, Index, Passage, count_tokens, words_of
from groq_core.services.documents.parts import Document, document_from

_OPEN, _NAMED, _CLOSE = '<attachment name="', '">\n', "\n</attachment>"
_LONGEST_NAME: Final = 2_000
_ESCAPED: Final = ("<\\/attachment>", "</attachment>")

_MOST_KEPT: Final = 20_000_000
"""Characters of the documents whose indexes are kept for the next question."""

_QUOTED: Final = 320
"""Characters of a passage that are shown as its quote."""

_ABOUT_ALL: Final = re.compile(
    r"\b(?:summar|overview|outline|abstract|gist|tl;?dr|main points|key points|zusammenfass|überblick|fasse|résum|"
    r"aperçu|resum|riassu|samenvat)",
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(r"(?<=[.!?。！？])\s+|\n+|(?<=[。！？])")


class Attachment(NamedTuple):
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class PassageChoice:
    """
    What is sent in place of long documents.

    Attributes:
        texts: What the person said, with the chosen passages in the last one.
        documents: What the passages are from.
        quotes: One for every passage, in the order of the documents.
        tokens: Of the documents, estimated.
        whole: The question is about all of them, so the passages are from everywhere.
    """

    texts: tuple[str, ...]
    documents: tuple[Document, ...]
    quotes: tuple[Quote, ...]
    tokens: int
    whole: bool

    @property
    def pages(self) -> int:
        return sum(len(document.pages) for document in self.documents)


class Shelf:
    """Indexes of the documents that were asked about last, so that the next question does not wait; thread-safe."""

    def __init__(self, characters: int = _MOST_KEPT) -> None:
        self._kept: LRUCache[bytes, Index] = LRUCache(characters, getsizeof=_size_of)
        self._lock = threading.Lock()

    def index_of(self, documents: Sequence[Document]) -> Index:
        """Found by what stands in the documents: who has not got them finds nothing."""
        key = sha256()
        for document in documents:
            for text in (document.name, document.text):
                key.update(sha256(text.encode("utf-8", "surrogatepass")).digest())
        with self._lock:
            known = self._kept.get(key.digest())
        if known is not None:
            return known
        index = Index(*documents)
        with self._lock:
            if _size_of(index) <= self._kept.maxsize:
                self._kept[key.digest()] = index
        return index


def _size_of(index: Index) -> int:
    return sum(len(document.text) for document in index.documents) + 1


def split_attachments(text: str) -> tuple[str, tuple[Attachment, ...]]:
    """
    What was typed, and what was attached.

    >>> split_attachments('What?\\n\\n<attachment name="a.txt">\\nwords\\n</attachment>')
    ('What?', (Attachment(name='a.txt', text='words'),))
    """
    typed, found, at, looked = list[str](), list[Attachment](), 0, 0
    while (start := text.find(_OPEN, looked)) >= 0:
        looked = start + len(_OPEN)
        name_end = text.find(_NAMED, looked, looked + _LONGEST_NAME)
        if name_end < 0:
            continue
        name = text[looked:name_end]
        if '"' in name or "\n" in name:
            continue
        end = text.find(_CLOSE, name_end)
        if end < 0:
            break
        typed.append(text[at:start].rstrip("\n"))
        found.append(Attachment(name, text[name_end + len(_NAMED) : end].replace(*_ESCAPED)))
        at = looked = end + len(_CLOSE)
    typed.append(text[at:])
    return ("".join(typed).strip(), tuple(found)) if found else (text, ())


def choose(texts: Sequence[str], shelf: Shelf, *, whole: int, tokens: int) -> PassageChoice | None:
    """
    Choose the passages of long documents that the last question is about.

    Args:
        texts: What the person said, the newest last; documents in any of them.
        whole: Tokens up to which documents are sent as they are.
        tokens: Of the passages, and what stands around them.

    Returns:
        None where there is no document, or all are short enough.
    """
    split = [split_attachments(text) for text in texts]
    attached = [one for _, found in split for one in found]
    size = sum(count_tokens(one.text) for one in attached)
    if size <= whole:
        return None
    documents = tuple(document_from(one.name, one.text) for one in dict.fromkeys(attached))
    index = shelf.index_of(documents)
    typed = [question for question, _ in split]
    passages, about_all = _passages(index, typed, tokens - count_tokens(INSTRUCTIONS) - 80)
    weights = index.weights(typed[-1])
    head = f"Passages of {', '.join(document.name for document in documents)}. {INSTRUCTIONS}"
    chosen = "\n\n".join((head, *(_spell(one, documents) for one in passages)))
    older = (f"{text}\n\n[with {_names(found)}]".strip() if found else text for text, found in split[:-1])
    return PassageChoice(
        texts=(*older, f"{chosen}\n\nQuestion: {typed[-1]}"),
        documents=documents,
        quotes=tuple(
            Quote(document=documents[one.document].name, page=one.page, text=quote_of(one, weights)) for one in passages
        ),
        tokens=size,
        whole=about_all,
    )


def _passages(index: Index, typed: Sequence[str], tokens: int) -> tuple[list[Passage], bool]:
    question, before = typed[-1], "\n".join(typed[-3:-1])
    if not _ABOUT_ALL.search(question):
        found = index.quotes(question, tokens=tokens, before=before)
        if found:
            return found, False
    return index.quotes(question, tokens=tokens, whole=True), True


def _names(found: Sequence[Attachment]) -> str:
    return ", ".join(one.name for one in found)


def _spell(passage: Passage, documents: Sequence[Document]) -> str:
    where = f"{documents[passage.document].name}, {passage.place}" if len(documents) > 1 else passage.place
    return f"[{where}]\n{passage.text}"


def quote_of(passage: Passage, weights: Mapping[str, float]) -> str:
    """
    The sentences of a passage that share most with a question, a line long or a few.

    Args:
        weights: Of the question's words, see :meth:`Index.weights`.
    """
    sentences = [one.strip() for one in _SENTENCE.split(passage.text) if one and one.strip()]
    worth = [_worth(one, weights) for one in sentences]
    best = max(range(len(sentences)), key=worth.__getitem__)
    quote = sentences[best]
    if len(quote) > _QUOTED:
        return _around(quote, weights)
    while best + 1 < len(sentences) and len(quote) + len(sentences[best + 1]) < _QUOTED:
        best += 1
        quote += " " + sentences[best]
    return quote


def _worth(text: str, weights: Mapping[str, float]) -> float:
    return sum(weights.get(word, 0.0) for word in set(words_of(text)))


def _around(sentence: str, weights: Mapping[str, float]) -> str:
    """Of a long sentence, the stretch in which most of the wanted words stand."""
    starts = range(0, max(1, len(sentence) - _QUOTED // 2), _QUOTED // 8)
    telling = [
        (match.start(), word)
        for match in re.finditer(r"\S+", sentence)
        for word in words_of(match[0])
        if word in weights
    ]
    worth = [
        sum(weights[word] for word in {word for at, word in telling if 0 <= at - start < _QUOTED}) for start in starts
    ]
    # Of stretches that are worth the same the middle one, so that what was found does not stand at an edge.
    best = [at for at, one in zip(starts, worth, strict=True) if one >= max(worth) - 1e-9]
    at = best[len(best) // 2]
    cut = sentence[at : at + _QUOTED].strip()
    return f"{'…' if at else ''}{cut}{'…' if at + _QUOTED < len(sentence) else ''}"
