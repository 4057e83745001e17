"""Settings from the file `.env` and the environment."""

from __future__ import annotations

import io
import logging
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream

from groq_core.errors import SettingsError
from groq_core.settings.cautions import names_without_effect, unknown_names
from groq_core.settings.settings import Settings

REFERENCE: Final = re.compile(r"\$\{([^{}:$]*)\}")
"""As dotenv fills in, whatever the quotes; one with a default of its own says what stands for it."""

# What it would say of a line that it cannot read is said with the file's name, among our own warnings.
logging.getLogger("dotenv.main").setLevel(logging.ERROR)

BESIDE_APP: Final = Path(__file__).parents[2]
"""The folder of ``app.py`` in a checkout."""


def env_file_in_use(folder: Path | None = None) -> Path | None:
    """The `.env` that is read: the one of the working directory, else the one beside ``app.py``."""
    here = Path(folder or Path.cwd()) / ".env"
    if here.is_file():
        return here
    beside = BESIDE_APP / ".env"
    return beside if (BESIDE_APP / "app.py").is_file() and beside.is_file() else None


def load(env_file: str | Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """
    Read settings from a file and the environment; the environment wins.

    Args:
        env_file: May be missing; None for :func:`env_file_in_use`.
        environ: Instead of the process's own.

    Raises:
        SettingsError: A variable is wrong, or the file cannot be read or is not UTF-8 text.
    """
    file = env_file_in_use() if env_file is None else Path(env_file)
    text = _text_of(file)
    found = _values(text)
    written = {name: value for name, value in found.items() if value is not None}
    around = os.environ if environ is None else environ
    settings = Settings.from_env(written | dict(around))
    told = (
        *_left_out(file, text),
        *_unfilled(file, text, written | dict(around)),
        *unknown_names(written),
        *names_without_effect(written, around),
    )
    warnings = (*told, *settings.warnings)
    source = f"{file}, then the environment" if found else "the environment"
    return replace(settings, source=source, warnings=tuple(dict.fromkeys(warnings)))


def wants_json() -> bool:
    """Whether machines read what we say: known before anything else, and though another setting is wrong."""
    try:
        written = _values(_text_of(env_file_in_use()))
    except SettingsError:
        written = {}
    return str((written | dict(os.environ)).get("GROQ_CORE_LOG") or "").strip().lower() == "json"


def _text_of(file: Path | None) -> str:
    try:
        # utf-8-sig: Notepad writes a mark in front, which would become part of the first variable's name.
        return file.read_text(encoding="utf-8-sig") if file is not None and file.is_file() else ""
    except UnicodeDecodeError:
        raise SettingsError(f"{file} is not UTF-8 text", hint="Save it as UTF-8 and start again.") from None
    except OSError as error:
        raise SettingsError(
            f"{file} cannot be read: {error.strerror}", hint="Let whoever runs this read it, or move it away."
        ) from None


def _values(text: str) -> dict[str, str | None]:
    return dotenv_values(stream=io.StringIO(text))


def _unfilled(file: Path | None, text: str, known: Mapping[str, str]) -> Iterator[str]:
    """Name what a line refers to that is set nowhere: an empty text has taken its place."""
    for line in parse_stream(io.StringIO(text)):
        for name in REFERENCE.findall(line.value or ""):
            if name not in known:
                yield f"{file}, line {_number(line)}: {name} is set nowhere, so nothing stands for ${{{name}}}"


def _left_out(file: Path | None, text: str) -> Iterator[str]:
    """Name the lines that say nothing, such as `NAME: value`; what stands there may be a key."""
    for line in parse_stream(io.StringIO(text)):
        if line.error or (line.key is not None and line.value is None):
            yield f"{file}, line {_number(line)}: not NAME=VALUE, so it is left out"


def _number(line: Binding) -> int:
    """dotenv counts the empty lines before it as part of it."""
    said = line.original.string
    return line.original.line + said[: len(said) - len(said.lstrip())].count("\n")
