"""The web page: a Gradio frame, our own conversation and status panel in it."""

from __future__ import annotations

import os
import sys

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported


def _import_gradio_without(unused: str) -> None:
    """
    Import gradio as if a package were not installed, and give that package back.

    Gradio imports `mcp` wherever it finds it, to serve tools of its own, which this page does not; our agent imports
    it when it is used. Without it `import gradio` takes 0.7 of the time.
    """
    if unused in sys.modules or "gradio" in sys.modules:
        return
    sys.modules[unused] = None  # type: ignore[assignment]
    try:
        import gradio  # noqa: F401 - so that every later import finds it made
    finally:
        del sys.modules[unused]


_import_gradio_without("mcp")
