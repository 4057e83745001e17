"""What an idle process does: nearly nothing."""

from __future__ import annotations

from groq_core.compose import assemble
from groq_core.settings.settings import Settings
from groq_core.simulator import Simulator
from groq_core.ui.app import create_ui


async def test_gradios_queue_is_looked_at_thirty_times_a_second_and_not_eleven_hundred(simulator: Simulator) -> None:
    async with assemble(Settings(offline=True), simulator=simulator) as core:
        queue = create_ui(core)._queue

    assert 1 / queue.sleep_when_free + 1 / queue.progress_update_sleep_when_free <= 30.1
