"""The web page: a Gradio frame, our own conversation and status panel in it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported


class _WithoutStubs:
    """
    Import Gradio's metaclass without its writing of stubs.

    It parses the source of every component and writes a ``.pyi`` beside it, for editors: 0.3 of what
    ``import gradio`` takes, at each start, and files that processes which start together write over each other.
    """

    _name = "gradio.component_meta"

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name == self._name else None
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def execute_without(module: ModuleType) -> None:
            execute(module)
            module.create_or_modify_pyi = lambda *_: None  # type: ignore[attr-defined]

        spec.loader.exec_module = execute_without  # type: ignore[method-assign]
        return spec


@contextmanager
def _missing(package: str) -> Iterator[None]:
    """Let a package look as if it were not installed."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[package]


def _import_gradio() -> None:
    """
    Import gradio without what it does besides, in half the time.

    It imports `mcp` wherever it finds it, to serve tools of its own, which this page does not; our agent imports it
    when it is used.
    """
    if "gradio" in sys.modules:
        return
    finder = _WithoutStubs()
    sys.meta_path.insert(0, finder)
    try:
        with _missing("mcp"):
            import gradio  # noqa: F401 - so that every later import finds it made
    finally:
        sys.meta_path.remove(finder)


_import_gradio()
