"""Pieces of layout that every tab uses."""

from __future__ import annotations

import gradio as gr


def place(elem_id: str) -> None:
    """
    An empty place on the page, for the page's own scripts to fill (``assets/js/main.js`` says with what).

    A column and not :class:`gr.HTML`, whose script alone is a tenth of what a first visit has to load.
    """
    with gr.Column(elem_id=elem_id, min_width=0):
        pass
