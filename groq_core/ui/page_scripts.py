"""Which scripts of the page are fetched together, and what its head says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from groq_core.ui.bundles import Bundler
from groq_core.ui.static import ASSETS, Assets

BUNDLES: Final[Mapping[str, Sequence[str]]] = {
    "first": (
        "main", "chat/attach", "chat/chat", "chat/coming", "chat/conversation", "chat/edits", "chat/message",
        "chat/open-here", "chat/options", "chat/picker", "chat/run", "chat/sent", "chat/side",
        "chat/tree", "chat/turn-list", "chat/undo", "chat/unkept", "chat/waiting",
        "settings/account", "settings/brand-tools", "shared/answer", "shared/chain", "shared/dom",
        "shared/error-card", "shared/formats", "shared/frames", "shared/later", "shared/locks", "shared/own-key",
        "shared/page-keys", "shared/patch", "shared/receipt", "shared/scroll", "shared/shell", "shared/sse",
        "shared/streams", "shared/text-view", "shared/theme", "shared/user-text", "shared/wire", "shared/words",
        "status/fault-switch", "status/feed", "status/plain", "status/status", "talk/hold",
    ),
    "soon": (
        "chat/above", "chat/attempt", "chat/behind", "chat/changing", "chat/deleted", "chat/finder", "chat/focus",
        "chat/keeper", "chat/list", "chat/spent", "chat/taken-out", "chat/titles",
        "settings/keys", "shared/done-title", "shared/sheet",
    ),
    "words": ("shared/bounds", "shared/markdown", "shared/safe-html"),
    "recording": (
        "microphone/ahead", "microphone/kept", "microphone/pauses", "microphone/recorder", "microphone/wav",
        "shared/held",
    ),
    "talking": (
        "talk/activity", "talk/answering", "talk/asked-ahead", "talk/attention", "talk/ears", "talk/heard",
        "talk/loudspeaker", "talk/sentences", "talk/silero", "talk/sound", "talk/talk", "talk/tongue",
        "talk/turn-end", "talk/turn-taking", "talk/unsent", "talk/voice", "talk/voice-bar", "talk/writing",
    ),
    "settled": (
        "chat/prompts", "settings/kept", "settings/own-key", "settings/parts", "settings/person", "settings/prompts",
        "settings/settings", "settings/space", "settings/story", "shared/story-file",
    ),
}  # fmt: skip
"""
Each bundle's modules: what the page can't begin without, what it fetches at rest, what draws an answer's words, what
records, what talks, and the settings. A test holds the first to what ``main.js`` imports.
"""


@cache
def page_bundler() -> Bundler:
    """One for the whole process, since files do not change while it runs and several applications may serve them."""
    return Bundler(lambda name: (ASSETS / name).read_text("utf-8"), BUNDLES)


def preloads(assets: Assets, base: str) -> str:
    """
    The scripts that a first visit needs, so that the browser fetches all at once; their imports would tell it of one
    after the other.

    Not in a ``Link`` header, which nothing compresses: it would take most of the four kilobytes that nginx has for a
    head.
    """
    scripts = (*assets.loose("first"), "js/first.js")
    return "".join(f'<link rel="modulepreload" href="{base}/{script}">' for script in scripts)
