"""
The chain in Gradio apps of other people: functions and a component that fit stock Gradio, without our server or page.

>>> import gradio as gr
>>> import groq_core.gradio as groq
>>> with gr.Blocks() as demo:  # doctest: +SKIP
...     gr.ChatInterface(groq.chat, multimodal=True)
...     groq.StatusPanel()

- ``functions``: Functions for stock Gradio components: they ask the chain and give what the components show.
- ``messages``: What Gradio's chat hands over, as turns of a conversation: texts, and files that are pictures or
  recordings.
- ``panel``: The chain, live, as a component for other people's pages.

Gradio apps of other people import it; nothing in the package does.
"""

from __future__ import annotations

from groq_core.gradio.functions import Chain, ask_image, chat, registry, transcribe
from groq_core.gradio.panel import StatusPanel

__all__ = ["Chain", "StatusPanel", "ask_image", "chat", "registry", "transcribe"]
