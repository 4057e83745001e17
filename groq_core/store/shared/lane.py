"""
One connection to Redis on which everything is asked: what comes while an answer is under way goes out behind it, in
one piece.

Taking a connection out of a pool, looking whether it still lives, telling everybody and putting it back is most of what
a command costs, and each that is asked at once would have a connection of its own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError, ResponseError

from groq_core.connections.event_loop import end_task

CONNECT_S: Final = 0.5

ANSWER_S: Final = 0.5
"""Longest wait for an answer; a server that is paused accepts and says nothing."""


class Lane:
    """
    The connection, made when it is first wanted, and anew when it is lost.

    A task of its own writes and reads, so that who stops waiting for an answer does not leave it to the next.
    """

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection = connection
        self._asked: deque[tuple[tuple[Any, ...], asyncio.Future[Any]]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def ask(self, *words: Any) -> Any:
        """
        The answer to a command.

        Raises:
            RedisError, OSError, TimeoutError: There is none, nor to anything else that was asked meanwhile; or, as a
                ResponseError, the answer to this command is an error.
        """
        answer = asyncio.get_running_loop().create_future()
        self._asked.append((words, answer))
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return await answer

    async def close(self) -> None:
        """Ask nothing any more; nobody goes on waiting."""
        if self._task is not None:
            await end_task(self._task)
        await self.drop()

    async def drop(self) -> None:
        """Leave the connection; the next is made anew, and may lead to another server."""
        await self._connection.disconnect(nowait=True)

    async def _run(self) -> None:
        try:
            while self._asked:
                await self._exchange(len(self._asked))
        finally:
            self._task = None
            self._fail(ConnectionError("the connection to Redis is closed"))

    async def _exchange(self, count: int) -> None:
        """Ask the oldest so many, and read what comes back."""
        commands = [self._asked[n][0] for n in range(count)]
        try:
            await self._connect()
            async with asyncio.timeout(ANSWER_S):
                await self._connection.send_packed_command(self._connection.pack_commands(commands), check_health=False)
                for _ in range(count):
                    await self._read()
        except (RedisError, OSError, TimeoutError) as error:
            # Who asked meanwhile would wait as long, and as much in vain.
            self._fail(error)

    async def _connect(self) -> None:
        connection = self._connection
        if connection.is_connected and await connection.can_read():
            await self.drop()  # the server has hung up, or has said what nobody asked
        if not connection.is_connected:
            await connection.connect()  # type: ignore[no-untyped-call]

    async def _read(self) -> None:
        found: Any = None
        refused: ResponseError | None = None
        try:
            found = await self._connection.read_response()
        except ResponseError as error:
            refused = error
        _, answer = self._asked.popleft()
        if answer.done():
            return  # nobody waits for it
        if refused is None:
            answer.set_result(found)
        else:
            answer.set_exception(refused)

    def _fail(self, error: BaseException) -> None:
        while self._asked:
            _, answer = self._asked.popleft()
            if not answer.done():
                answer.set_exception(error)


class LaneClient(Redis):
    """redis-py's client; what is asked command by command goes by one connection, a pipeline by one of the pool's."""

    _lane: Lane | None = None

    @property
    def lane(self) -> Lane:
        if self._lane is None:
            self._lane = Lane(self.connection_pool.make_connection())  # type: ignore[no-untyped-call]
        return self._lane

    async def execute_command(self, *words: Any, **options: Any) -> Any:
        """See :meth:`Lane.ask`; the answer is in the shape that redis-py gives it."""
        found = await self.lane.ask(*words)
        options.pop("keys", None)
        shape = self.response_callbacks.get(words[0])
        return found if shape is None else shape(found, **options)

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Close the lane, and all of the pool."""
        await self.lane.close()
        await super().aclose(close_connection_pool)
