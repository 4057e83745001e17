"""Read the files of a conversation: what was attached to it, and nothing else."""

from __future__ import annotations

import asyncio
import difflib
import re
from collections.abc import Mapping
from typing import Final

from groq_core.services.agent.tools import ArgumentsError, Tool, tool
from groq_core.services.documents.index import Index
from groq_core.services.documents.parts import Document, document_from

PIECE: Final = 6_000
"""Characters of one reading, below what a result may hold."""

MOST_HITS: Final = 20
MOST_PASSAGES: Final = 4
_AROUND = 120


def file_tools(files: Mapping[str, Document | str]) -> list[Tool]:
    """
    Make tools that read the given files.

    Args:
        files: Names to documents or texts. A name is looked up here and nowhere else: no path leads out.
    """
    documents = {name: document_from(name, one) if isinstance(one, str) else one for name, one in files.items()}
    texts = {name: one.text for name, one in documents.items()}

    def text_of(name: str) -> str:
        if name in texts:
            return texts[name]
        near = difflib.get_close_matches(name, texts, n=1)
        hint = f"; perhaps {near[0]}?" if near else ""
        raise ArgumentsError(f"no file called {name!r} is attached{hint} Attached: {', '.join(texts) or 'none'}")

    def page_at(name: str, start: int) -> dict[str, str | int]:
        pages = documents[name].pages
        return next(({"page": page.number} for page in reversed(pages) if page.start <= start), {})

    indexes: dict[tuple[str, ...], Index] = {}

    def passages_about(question: str, name: str) -> list[dict[str, str | int]]:
        """The best passages of all files together; a file is indexed when it is first asked about."""
        titles = (name,) if name else tuple(documents)
        if titles not in indexes:
            indexes[titles] = Index(*(documents[title] for title in titles))
        hits = list[dict[str, str | int]]()
        for one in indexes[titles].search(question, limit=MOST_PASSAGES):
            hit: dict[str, str | int] = {"file": titles[one.document], "start": one.start, "text": one.text}
            hits.append(hit | ({"page": one.page} if one.page else {}))
        return hits

    @tool(timeout=10)
    async def list_files() -> list[dict[str, str | int]]:
        """List the files attached to the conversation, with their length in characters."""
        return [{"name": name, "characters": len(text)} for name, text in texts.items()]

    @tool(timeout=10)
    async def read_file(name: str, start: int = 0) -> str:
        """
        Read an attached file, up to 6000 characters at a time.

        Args:
            name: As list_files tells it.
            start: Character to begin at, to read on.
        """
        text = text_of(name)
        if not 0 <= start <= len(text):
            raise ArgumentsError(f"start is from 0 to {len(text)}")
        piece = text[start : start + PIECE]
        end = start + len(piece)
        more = f"\n[characters {start} to {end} of {len(text)}; go on with start={end}]" if end < len(text) else ""
        return piece + more

    @tool(timeout=10)
    async def search_files(words: str, name: str = "") -> list[dict[str, str | int]]:
        """
        Find where words stand in the attached files; case and white space do not count. Where they stand nowhere
        as they are, the passages that fit them best are found, with their pages.

        Args:
            words: What to look for, as it stands there; or a question.
            name: Only in this file; all files if empty.
        """
        if not words.split():
            raise ArgumentsError("say what to look for")
        pattern = re.compile(r"\s+".join(map(re.escape, words.split())), re.IGNORECASE)
        hits: list[dict[str, str | int]] = []
        for title, text in ({name: text_of(name)} if name else texts).items():
            for match in pattern.finditer(text):
                start, end = max(0, match.start() - _AROUND), match.end() + _AROUND
                hit: dict[str, str | int] = {"file": title, "start": match.start()}
                hits.append(hit | {"text": " ".join(text[start:end].split())} | page_at(title, match.start()))
                if len(hits) == MOST_HITS:
                    return hits
        return hits or await asyncio.to_thread(passages_about, words, name)

    return [list_files, read_file, search_files]
