"""The best way to use Groq from a browser, a script and a service."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from groq_core.client.groq_client import AsyncGroq, Groq
    from groq_core.compose import Core, assemble
    from groq_core.errors import ChainError, GroqCoreError, RequestError, SettingsError
    from groq_core.reply import Reply
    from groq_core.requests import Caller, ChatRequest, SpeechRequest, TranscriptionRequest
    from groq_core.settings.env_file import load
    from groq_core.settings.settings import Settings

__version__ = "0.1.0"

__all__ = [
    "AsyncGroq",
    "Caller",
    "ChainError",
    "ChatRequest",
    "Core",
    "Groq",
    "GroqCoreError",
    "Reply",
    "RequestError",
    "Settings",
    "SettingsError",
    "SpeechRequest",
    "TranscriptionRequest",
    "assemble",
    "load",
]

_HOMES = {
    "client.groq_client": ("AsyncGroq", "Groq"),
    "compose": ("Core", "assemble"),
    "errors": ("ChainError", "GroqCoreError", "RequestError", "SettingsError"),
    "reply": ("Reply",),
    "requests": ("Caller", "ChatRequest", "SpeechRequest", "TranscriptionRequest"),
    "settings.env_file": ("load",),
    "settings.settings": ("Settings",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for, so that a command line or a worker starts at once."""
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'groq_core' has no attribute {name!r}")
    return getattr(import_module(f"groq_core.{home}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
