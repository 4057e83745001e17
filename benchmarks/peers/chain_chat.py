"""Stock ``gr.ChatInterface`` on ``groq_core.gradio``, as the README has it."""

from __future__ import annotations

import os

import gradio as gr

import groq_core.gradio as groq

demo = gr.ChatInterface(groq.chat, multimodal=True)
demo.launch(server_port=int(os.environ["GRADIO_SERVER_PORT"]), ssr_mode=False, quiet=True)
