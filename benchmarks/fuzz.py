"""
Broken and hostile input for twenty minutes: `python -m benchmarks.fuzz [--seconds 1200] [--seed 1]`, or `make fuzz`.

Two servers, each a process of its own: one on the simulator, one on a model that streams nonsense. They are sent
broken bodies, odd values in right bodies, forms, request heads and every parser's bombs, again and again from new
seeds, while `/health` is asked the whole time. Passes when no answer is a 5xx without its name, no answer of
`/health` takes 250 ms, and memory is back to within a tenth of what it was after the first round.

A machine that does other things beside holds everybody up. So a stall is one of the server's own making, as
:mod:`benchmarks.health` tells it by a control that does nothing and is asked at the same moments.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

import httpx

from benchmarks.health import Health, busy, control, share, watching
from benchmarks.processes import Process, free_port, run_server
from tests.doors.bombs import bombs
from tests.doors.broken import FORM_PATHS, PATHS, babble, breakages, damage, forms, head, nestings, odd_body
from tests.serving import listening

MEANT = {503, 507}
STALL_S = 0.25
KEPT = 1.1
AT_ONCE = 4
HEADS = 60
ODD_BODIES = 120


@dataclass
class Findings:
    """
    What came of it.

    Attributes:
        answers: How many of each status; 0 for a connection that was closed without an answer.
        wrong: What must not be, in words.
    """

    answers: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Fuzz:
    """
    Sends one server whatever is broken.

    Args:
        url: Without a slash at its end.
        found: Where everything is written down.
    """

    def __init__(self, http: httpx.AsyncClient, found: Findings) -> None:
        self._http = http
        self._found = found
        self._page: dict[str, str] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    async def round(self, seed: int, *, heavy: bool) -> None:
        """
        Everything once.

        Args:
            heavy: The bombs as well, which take their time.
        """
        chance = random.Random(seed)
        self._page = {"x-groq-core-page": (await self._http.get("/ui/pass")).json()["pass"]}
        asked: list[tuple[str, bytes, dict[str, str]]]
        asked = [(path, body, {}) for body in breakages(seed) for path in chance.sample(PATHS, 3)]
        asked += [(path, body, {}) for path, body in (odd_body(chance) for _ in range(ODD_BODIES))]
        for boundary, body in forms(seed):
            kind = {"content-type": f"multipart/form-data; boundary={boundary}"}
            asked += [(path, body, kind) for path in FORM_PATHS]
        if heavy:
            asked += [(path, body, {}) for body in nestings() for path in chance.sample(PATHS, 4)]
            asked += [(f"ui/{path}", data, {}) for _, path, data in bombs()]
            asked += [(f"ui/{path}", damage(data, chance), {}) for _, path, data in bombs()]
        chance.shuffle(asked)
        heads = [head(chance) for _ in range(HEADS)]
        await asyncio.gather(*(self._ask(*one) for one in asked), *(self._head(data) for data in heads))

    async def _ask(self, path: str, body: bytes, headers: dict[str, str]) -> None:
        kind = {"content-type": "application/json"} | headers
        async with self._room:
            try:
                answer = await self._http.post(f"/{path}", content=body, headers=self._page | kind, timeout=120)
            except httpx.HTTPError as error:
                self._found.wrong.append(f"{path} {body[:120]!r}: {type(error).__name__}")
                return
        self._judge(path, body, answer.status_code, answer.content)

    def _judge(self, path: str, body: bytes, status: int, said: bytes) -> None:
        self._found.answers[status] += 1
        named = status in MEANT and (b'"message"' in said or b'"detail"' in said)
        if status >= 500 and not named:
            self._found.wrong.append(f"{path} {body[:200]!r}: {status} {said[:200]!r}")

    async def _head(self, data: bytes) -> None:
        async with self._room:
            reader, writer = await asyncio.open_connection(self._http.base_url.host, self._http.base_url.port)
            try:
                writer.write(data)
                writer.write_eof()
                said = await asyncio.wait_for(reader.read(300), 30)
            except ConnectionError:
                said = b""
            except TimeoutError:
                self._found.wrong.append(f"head {data[:200]!r}: no answer in 30 s")
                return
            finally:
                writer.close()
        status = said[9:12]
        self._judge("head", data, int(status) if status.isdigit() else 0, said)


@asynccontextmanager
async def babbler(seed: int) -> AsyncIterator[str]:
    """A model that streams nonsense; gives its address."""
    chance = random.Random(seed)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
            writer.write(babble(chance))
            await writer.drain()
        writer.close()

    async with listening(answer) as port:
        yield f"http://127.0.0.1:{port}"


QUICK = {
    "GROQ_CORE_DEADLINE": "5",
    "GROQ_CORE_COOLDOWN": "0.1",
    "GROQ_CORE_MAX_ATTEMPTS": "2",
    "GROQ_CORE_LOG_LEVEL": "error",
}


async def rounds(url: str, found: Findings, *, seconds: float, seed: int, heavy_every: int = 0) -> None:
    """
    One round after the other until the time is over; at least one.

    Args:
        heavy_every: The first round, and every so many after it, has the bombs as well; 0 for none.
    """
    ends = time.monotonic() + seconds
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as http:
        fuzz = Fuzz(http, found)
        number = 0
        while number == 0 or time.monotonic() < ends:
            await fuzz.round(seed + number, heavy=heavy_every > 0 and number % heavy_every == 0)
            number += 1


def line_of(seen: Health) -> str:
    """How `/health` was, and the control beside it, in a line."""
    took, own, beside = seen.took(), seen.own(), sorted(one.took for one in seen.control)
    return (
        f"/health asked {len(took)} times, median {1e3 * share(took, 0.5):.0f} ms, longest {1e3 * took[-1]:.0f} ms; "
        f"of its own making: 99 of 100 within {1e3 * share(own, 0.99):.0f} ms, longest {1e3 * own[-1]:.0f} ms; "
        f"the control's longest {1e3 * beside[-1]:.0f} ms"
    )


async def run(seconds: float, seed: int) -> bool:
    """Print what was found; returns whether everything held."""
    found = Findings()
    if note := busy():
        print(note)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        upstream = await stack.enter_async_context(babbler(seed))
        ports = [free_port() for _ in range(2)]
        houses: dict[str, Process] = {}
        for name, port, env in (
            ("simulator", ports[0], {}),
            ("babbler", ports[1], {"GROQ_API_KEY": "gsk_babble", "GROQ_BASE_URL": upstream}),
        ):
            its = {"GROQ_CORE_STATE_DIR": f"{folder}/{name}", "GRADIO_SERVER_PORT": str(port)}
            house = run_server([sys.executable, "app.py"], "/", port=port, **QUICK, **its, **env)
            houses[name] = await stack.enter_async_context(house)
        # What a model streams is nothing to the parsers, so one of the two is enough for their bombs.
        heavy = {"simulator": 3, "babbler": 0}
        await asyncio.gather(
            *(rounds(one.url, found, seconds=0, seed=seed, heavy_every=heavy[name]) for name, one in houses.items())
        )
        before = {name: one.rss_kib() for name, one in houses.items()}
        beside = stack.enter_context(control())
        with ExitStack() as probes:
            seen = {
                name: probes.enter_context(watching(one.url, one.popen.pid, beside)) for name, one in houses.items()
            }
            await asyncio.gather(
                *(
                    rounds(one.url, found, seconds=seconds, seed=seed + 1, heavy_every=heavy[name])
                    for name, one in houses.items()
                )
            )
        await asyncio.sleep(2)
        after = {name: one.rss_kib() for name, one in houses.items()}
    print(f"answers by status: {dict(sorted(found.answers.items()))}")
    for name, one in seen.items():
        print(f"{name}: {line_of(one)}")
    for name, size in before.items():
        print(f"{name}: {size / 1024:.0f} MiB after the first round, {after[name] / 1024:.0f} MiB at the end")
    for line in found.wrong[:20]:
        print(f"wrong: {line}")
    checks = {
        "no 5xx without its name, no connection lost": not found.wrong,
        f"no answer of /health over {STALL_S:g} s of our own making": all(
            one.own()[-1] <= STALL_S for one in seen.values()
        ),
        "memory back": all(after[name] <= KEPT * size for name, size in before.items()),
    }
    for name, held in checks.items():
        print(f"{'held' if held else 'BROKEN'}: {name}")
    for name, one in seen.items():
        if stalls := [seconds for seconds in one.own() if seconds > STALL_S]:
            print(
                f"stalls of {name}: {len(stalls)} of {len(one.asked)}, {[round(stall, 2) for stall in stalls[-5:]]} s"
            )
    return all(checks.values())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=(__doc__ or "").split("\n")[1])
    parser.add_argument("--seconds", type=float, default=1200.0)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    return 0 if asyncio.run(run(chosen.seconds, chosen.seed)) else 1


if __name__ == "__main__":
    sys.exit(main())
