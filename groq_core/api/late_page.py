"""What is mounted at `/` and takes longer to load than the API: it is waited for, and the API is not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.types import Receive, Send

if TYPE_CHECKING:
    from fastapi import FastAPI

logger = logging.getLogger("groq_core.serve")


class LatePage:
    """
    Loads a page in a thread while the application it is mounted on answers already.

    Args:
        app: Whose lifespan it has. Nothing may have been asked of its own routes before.
        load: Mounts the page; runs in a thread.
        afterwards: What else is to be loaded and nobody waits for; runs in a thread, once the page can be asked.
        loaded: Called in the event loop when all is there, with what was raised or None.
    """

    def __init__(
        self,
        app: FastAPI,
        load: Callable[[], object],
        loaded: Callable[[Exception | None], None] = lambda _: None,
        *,
        afterwards: Callable[[], object] = lambda: None,
    ) -> None:
        self._app = app
        self._load = load
        self._loaded = loaded
        self._afterwards = afterwards
        self._here = asyncio.Event()
        self._over = asyncio.Event()
        self._life: asyncio.Task[None] | None = None

    async def wait(self) -> None:
        """Wait until the page can be asked, or never will be."""
        await self._here.wait()

    async def live(self, receive: Receive, send: Send) -> None:
        """The lifespan of the server, which is not kept waiting at its start."""
        await receive()
        self._life = asyncio.create_task(self._run())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._over.set()
        await self._life
        await send({"type": "lifespan.shutdown.complete"})

    async def _run(self) -> None:
        # Entered and left in one task, as the page's own groups of tasks want it.
        try:
            await asyncio.to_thread(self._load)
            async with self._app.router.lifespan_context(self._app):
                self._here.set()
                await asyncio.to_thread(self._afterwards)
                self._loaded(None)
                await self._over.wait()
        except Exception as error:
            logger.exception("the page could not be loaded, or not be ended")
            self._loaded(error)
        finally:
            self._here.set()
