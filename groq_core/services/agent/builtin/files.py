"""Read the files of a conversation: what was attached to it, and nothing else."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Final

from groq_core.services.agent.tools import ArgumentsError, Tool, tool
from groq_core.services.documents.reading import Document

PIECE: Final = 6_000
"""Characters of one reading, below what a result may hold."""

MOST_HITS: Final = 20
_AROUND = 120


def file_tools(files: Mapping[str, Document | str]) -> list[Tool]:
    """
    Make tools that read the given files.

    Args:
        files: Names to documents or texts. A name is looked up here and nowhere else: no path leads out.
    """
    texts = {name: one if isinstance(one, str) else one.text for name, one in files.items()}

    def text_of(name: str) -> str:
        if name in texts:
            return texts[name]
        near = difflib.get_close_matches(name, texts, n=1)
        hint = f"; perhaps {near[0]}?" if near else ""
        raise ArgumentsError(f"no file called {name!r} is attached{hint} Attached: {', '.join(texts) or 'none'}")

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
        Find where words stand in the attached files; case and white space do not count.

        Args:
            words: What to look for, as it stands there.
            name: Only in this file; all files if empty.
        """
        if not words.split():
            raise ArgumentsError("say what to look for")
        pattern = re.compile(r"\s+".join(map(re.escape, words.split())), re.IGNORECASE)
        hits: list[dict[str, str | int]] = []
        for title, text in ({name: text_of(name)} if name else texts).items():
            for match in pattern.finditer(text):
                start, end = max(0, match.start() - _AROUND), match.end() + _AROUND
                hits.append({"file": title, "start": match.start(), "text": " ".join(text[start:end].split())})
                if len(hits) == MOST_HITS:
                    return hits
        return hits

    return [list_files, read_file, search_files]
