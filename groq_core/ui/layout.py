"""Pieces of layout that every tab uses."""

from __future__ import annotations

import gradio as gr


def shell(element: str, elem_id: str) -> gr.HTML:
    """
    A place that one of the page's own elements fills.

    Args:
        element: Name of a custom element that ``assets/js/main.js`` defines.
        elem_id: Its id on the page.
    """
    return gr.HTML(f"<{element}></{element}>", elem_id=elem_id, js_on_load=None, apply_default_css=False)
