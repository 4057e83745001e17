"""What is said of a recording to be written down: its language and its spelling hints."""

from __future__ import annotations

from typing import Final

from groq_core.events import Note
from groq_core.incoming.field_errors import bad
from groq_core.incoming.languages import UNTOLD, language_code

MAX_PROMPT: Final = 896
"""Characters; what Groq accepts of spelling hints."""


def read_language(text: str | None) -> str | None:
    """
    The code of a language, however it is named; None where that is left to the model.

    Raises:
        RequestError: 400; it is none.
    """
    if text is None or text.strip().casefold() in UNTOLD:
        return None
    code = language_code(text)
    if code is None:
        raise bad("language", "`language` must be a code such as en or de", "Leave it out to let the model find out.")
    return code


def cut_prompt(prompt: str | None) -> tuple[str | None, tuple[Note, ...]]:
    """
    Spelling hints as long as Groq takes them.

    >>> cut_prompt("Groq"), cut_prompt("x" * 900)[1][0].code
    (('Groq', ()), 'prompt_cut')
    """
    if prompt is None or len(prompt) <= MAX_PROMPT:
        return prompt, ()
    text = f"`prompt` has {len(prompt)} characters: the first {MAX_PROMPT} were sent"
    return prompt[:MAX_PROMPT], (Note(code="prompt_cut", text=text),)
