"""What an idle process does: nearly nothing; and what one that starts leaves out."""

from __future__ import annotations

import importlib.util

import gradio

from groq_core.compose import assemble
from groq_core.settings.settings import Settings
from groq_core.simulator import Simulator
from groq_core.ui import _WithoutStubs
from groq_core.ui.app import create_ui


async def test_gradios_queue_is_looked_at_thirty_times_a_second_and_not_eleven_hundred(simulator: Simulator) -> None:
    async with assemble(Settings(offline=True), simulator=simulator) as core:
        queue = create_ui(core)._queue

    assert 1 / queue.sleep_when_free + 1 / queue.progress_update_sleep_when_free <= 30.1


def test_gradio_writes_no_stubs_when_it_is_imported() -> None:
    spec = _WithoutStubs().find_spec("gradio.component_meta", gradio.__path__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    assert module.create_or_modify_pyi(gradio.Textbox, "NoClassOfItsSource", []) is None
    assert issubclass(module.ComponentMeta, type)
    assert _WithoutStubs().find_spec("gradio.blocks", gradio.__path__) is None
