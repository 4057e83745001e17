"""
The chain in Gradio apps of other people: functions and a component that fit stock Gradio, without our server or page.

>>> import gradio as gr
>>> import groq_core.gradio as groq
>>> with gr.Blocks() as demo:  # doctest: +SKIP
...     gr.ChatInterface(groq.chat, multimodal=True)
...     groq.StatusPanel()
"""

from __future__ import annotations

from groq_core.gradio.functions import Chain, ask_image, chat, registry, transcribe
from groq_core.gradio.panel import StatusPanel

__all__ = ["Chain", "StatusPanel", "ask_image", "chat", "registry", "transcribe"]
