"""
The disk, for whoever stands on the event loop: a thread waits for it, and what is begun is finished.

Imported by :mod:`~groq_core.services.batch.places`, :mod:`~groq_core.services.batch.database_batches`,
:mod:`~groq_core.services.batch.batch_api` and :mod:`~groq_core.services.batch.sink`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec

P = ParamSpec("P")


async def finish_in_thread(work: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """
    Have a thread do it. Who is cancelled meanwhile waits until it is done: whatever is written next to the same
    place comes after it.

    Raises:
        Exception: What the work raises.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


async def remove_files(*paths: Path) -> None:
    """Remove those that are there; a long file takes the disk a while."""

    def remove() -> None:
        for path in paths:
            path.unlink(missing_ok=True)

    await finish_in_thread(remove)
