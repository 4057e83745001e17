"""The floor of every page built on Gradio: an empty Blocks."""

import os

import gradio as gr

with gr.Blocks() as demo:
    pass

demo.launch(server_port=int(os.environ["GRADIO_SERVER_PORT"]), ssr_mode=False, quiet=True)
