"""What an idle process does: nearly nothing; and what one that starts leaves out."""

from __future__ import annotations

import importlib.util

import gradio
import pytest

from groq_core.compose import assemble
from groq_core.settings.settings import Settings
from groq_core.simulator import Simulator
from groq_core.ui import _WithoutStubs, app
from groq_core.ui.app import create_ui


async def test_gradios_queue_is_looked_at_six_times_a_second_and_not_eleven_hundred_until_it_is_used(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looks_a_second() -> float:
        return 1 / queue.sleep_when_free + 1 / queue.progress_update_sleep_when_free

    now = 1000.0
    monkeypatch.setattr(app, "monotonic", lambda: now)
    async with assemble(Settings(offline=True), simulator=simulator) as core:
        queue = create_ui(core)._queue
        assert looks_a_second() == pytest.approx(6)
        with pytest.raises(AttributeError):  # what it is told to do; that somebody has asked is noted before
            await queue.push(None, None, None)  # type: ignore[arg-type]
        assert looks_a_second() == pytest.approx(30)
        now += app.RECENTLY_S
        assert looks_a_second() == pytest.approx(6)


def test_gradio_writes_no_stubs_when_it_is_imported() -> None:
    spec = _WithoutStubs().find_spec("gradio.component_meta", gradio.__path__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    assert module.create_or_modify_pyi(gradio.Textbox, "NoClassOfItsSource", []) is None
    assert issubclass(module.ComponentMeta, type)
    assert _WithoutStubs().find_spec("gradio.blocks", gradio.__path__) is None
