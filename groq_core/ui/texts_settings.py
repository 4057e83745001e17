"""Words of the settings, the attachments and what the page tells about the models; part of the texts."""

from __future__ import annotations

SETTINGS: dict[str, str] = {
    # ── settings ─────────────────────────────────────────────────────────────────────────────────
    "settings": "Settings",
    "settings_look": "Look",
    "theme": "Theme",
    "theme_system": "As the system",
    "theme_light": "Light",
    "theme_dark": "Dark",
    "language": "Language",
    "own_key": "Your own Groq key",
    "own_key_help": "Questions are then asked with your key, under its own limits. "
    "The server holds it in memory only; it is gone when this tab is closed.",
    "own_key_simulated": "This server runs on its simulator on purpose: your key gets simulated answers too.",
    "own_key_placeholder": "gsk_…",
    "own_key_off": "This server takes no keys of visitors: it asks with its own.",
    "own_key_use": "Use this key",
    "own_key_keep": "Keep it in this browser, readable by whoever uses it",
    "own_key_checking": "Asking Groq whether it knows this key…",
    "own_key_empty": "Enter a key first.",
    "own_key_in_use": "In use: your key ending in {ending}",
    "own_key_forget": "Forget it",
    "own_key_forgotten": "Your key is forgotten.",
    "own_key_chip": "your key …{ending}",
    "own_key_chip_help": "Questions are asked with your own Groq key. Open the settings to change that.",
}
