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
    # ── attachments and voice ────────────────────────────────────────────────────────────────────
    "attach": "Attach files",
    "attachments": "Attached",
    "attachments_preparing": "A moment: an attachment is still being prepared.",
    "attachments_refused": "One attachment cannot be sent: remove it first.",
    "attachments_too_many": "At most {n} attachments at a time.",
    "attachment_characters": "{n} characters",
    "attachment_pasted": "Pasted text",
    "attachment_transcript": "written down from the recording",
    "show_all": "Show all",
    "show_less": "Show less",
    "dictate": "Dictate into the box",
    "dictate_listening": "Listening: press again to write it down, Esc to drop it.",
    "speak": "Read aloud",
    "speak_none": "neither a speech model nor the browser speaks",
    "switch_json": "Answer in JSON",
    "switch_search": "Search the web, where the model can",
    "error_413": "This is too large for the way to the server: send something smaller.",
}
