"""Play a streamed answer at the model's own pace, with the faults that hit streams."""

from __future__ import annotations

import time

from groq_core.simulator.answer import DONE, Frames, SimulatedAnswer
from groq_core.simulator.dialect import Dialect
from groq_core.simulator.exchange import SimulatedExchange
from groq_core.simulator.faults import Fault

TICK = 0.001
"""Seconds: shorter pauses than this are not worth a timer."""

CROWD = 0.0002
"""Seconds of pause per open stream: with a hundred readers each write then carries about 20 ms worth of chunks,
so that the simulator leaves the machine to what is being measured. A single reader gets chunk by chunk."""

BURST = 64
"""Chunks in one write when there is no pace to keep."""


class Player:
    """
    Writes frames when they are due.

    Args:
        exchange: Where to.
        wire: In which dialect errors are put.
        per_second: Chunks a second; 0 is as fast as it goes.
        crowd: How many streams are being played at the moment, this one included.
        times: Seconds from now at which each chunk is due, where that is no steady pace.
    """

    def __init__(
        self,
        exchange: SimulatedExchange,
        wire: Dialect,
        per_second: float,
        crowd: int,
        *,
        times: list[float] | None = None,
    ) -> None:
        self.exchange = exchange
        self.wire = wire
        self.per_second = per_second
        self.times = times
        self.began = time.perf_counter()
        self.tick = max(TICK, CROWD * crowd) if crowd > 5 else TICK

    async def play(self, frames: Frames, answer: SimulatedAnswer, fault: Fault | None) -> None:
        """
        Write the whole stream; headers have gone out already.

        Raises:
            HungUp: The reader left.
        """
        exchange = self.exchange
        body = frames.body
        if fault is None:
            await self._pace(frames.head, body)
            await exchange.finish(frames.finish + frames.tail + DONE)
            return
        before, rest = body[: fault.after], body[fault.after :]
        if fault.kind == "empty":
            before, rest = [], []
        await self._pace(frames.head, before)
        await self._break(fault, frames, answer, rest)

    async def _break(self, fault: Fault, frames: Frames, answer: SimulatedAnswer, rest: list[bytes]) -> None:
        exchange = self.exchange
        ending = frames.finish + frames.tail
        match fault.kind:
            case "stall":
                await exchange.pause(fault.seconds)
                await self._pace(b"", rest)
                await exchange.finish(ending + DONE)
            case "cut":
                if piece := _torn_part(fault, frames, rest):
                    await exchange.write(piece)
                await exchange.cut()
            case "clean_end":
                await exchange.finish()
            case "no_done":
                await self._pace(b"", rest)
                await exchange.finish(ending)
            case "malformed":
                await exchange.write(frames.prefix + b'"unfinished\n\n')
                await self._pace(b"", rest)
                await exchange.finish(ending + DONE)
            case "error_event":
                await exchange.finish(self.wire.error_event(fault.refusal(answer.model.id)))
            case "x_groq_error":
                await exchange.finish(self.wire.break_off(answer, fault.early_end))
            case "empty":
                await exchange.finish(ending + DONE)
            case "content_filter":
                reason = b'"finish_reason":"content_filter"'
                original = b'"finish_reason":"%b"' % (answer.finish_reason or "stop").encode()
                await exchange.finish(ending.replace(original, reason, 1) + DONE)
            case _:
                await self._pace(b"", rest)
                await exchange.finish(ending + DONE)

    async def _pace(self, head: bytes, chunks: list[bytes]) -> None:
        """Write chunks one by one as they fall due; those that are late go together."""
        exchange = self.exchange
        if head:
            await exchange.write(head)
        sent, total = 0, len(chunks)
        if self.times is not None:
            for chunk in chunks:
                await exchange.pause(
                    max(0.0, self.times.pop(0) - time.perf_counter() + self.began) if self.times else 0
                )
                await exchange.write(chunk)
            return
        if not self.per_second:
            while sent < total:
                await exchange.write(b"".join(chunks[sent : sent + BURST]))
                sent += BURST
                await exchange.pause(0)
            return
        began = time.perf_counter()
        per_second, tick = self.per_second, self.tick
        while sent < total:
            elapsed = time.perf_counter() - began
            due = min(total, int(elapsed * per_second))
            if due > sent:
                await exchange.write(chunks[sent] if due == sent + 1 else b"".join(chunks[sent:due]))
                sent = due
            else:
                await exchange.pause(max(tick, (sent + 1) / per_second - elapsed))


def _torn_part(fault: Fault, frames: Frames, rest: list[bytes]) -> bytes:
    """The part of the next event that still goes out before the connection is cut."""
    if fault.mid is None or fault.mid == "event":
        return b""
    if fault.mid == "utf8":
        # The first of the two bytes of "é": nobody can decode this.
        return frames.prefix + b'"caf' + "é".encode()[:1]
    whole = rest[0] if rest else frames.finish
    return whole[: max(1, len(whole) * 2 // 3)]
