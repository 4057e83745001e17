"""The page's words in German; the names are those of :mod:`groq_core.ui.texts`."""

from __future__ import annotations

GERMAN: dict[str, str] = {}
