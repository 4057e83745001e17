"""However a program ends, drops its clients or splits in two: nothing hangs, nothing is left, nothing is printed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.requires import only_where

BEGIN = """
import asyncio, gc, os, signal, sys, threading, time
import httpx
from groq_core import AsyncGroq, Groq, Settings

SETTINGS = Settings.from_env({"GROQ_CORE_OFFLINE": "1", "HOME": sys.argv[1], "XDG_STATE_HOME": sys.argv[1]})
HI = {"model": "auto", "messages": [{"role": "user", "content": "Count from 1 to 12."}]}

def ask(client):
    return client.chat.completions.create(**HI).choices[0].message.content

def stream(client):
    return client.chat.completions.create(**HI, stream=True)

def text(chunks):
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)

def threads_but(most):
    gc.collect()
    ends = time.monotonic() + 20
    while threading.active_count() > most and time.monotonic() < ends:
        time.sleep(0.02)
    return threading.active_count()
"""

COUNTED = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12"

PROGRAMS = {
    "never closed": ("client = Groq(settings=SETTINGS)\nprint(ask(client))", COUNTED),
    "never closed, in the middle of an answer": (
        "chunks = stream(Groq(settings=SETTINGS))\nprint(next(iter(chunks)).object)",
        "chat.completion.chunk",
    ),
    "closed in the middle of an answer": (
        """
with Groq(settings=SETTINGS) as client:
    chunks = iter(stream(client))
    next(chunks)
try:
    text(chunks)
except httpx.ReadError as error:
    print(error)
""",
        "the client has been closed",
    ),
    "one after another, dropped": (
        """
for _ in range(3):
    ask(Groq(settings=SETTINGS))
print(threads_but(1), text(stream(Groq(settings=SETTINGS))))
""",
        f"1 {COUNTED}",
    ),
    "a batch under way": (
        """
with Groq(settings=SETTINGS) as client:
    client.files.create(file=("in.jsonl", b'{}'), purpose="batch")
    print("kept")
""",
        "kept",
    ),
    "a loop that ends first": (
        """
async def main():
    client = AsyncGroq(settings=SETTINGS)
    chunks = await stream(client)
    async for chunk in chunks:
        break
    asyncio.create_task(client.chat.completions.create(**HI))
    await asyncio.sleep(0.01)

asyncio.run(main())
asyncio.run(main())
print("ended")
""",
        "ended",
    ),
    "a loop in each of several threads": (
        """
client = AsyncGroq(settings=SETTINGS)

async def main():
    for _ in range(2):
        await client.chat.completions.create(**HI)

threads = [threading.Thread(target=lambda: asyncio.run(main())) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("ended")
""",
        "ended",
    ),
    "one after another, dropped, on one loop": (
        """
async def main():
    for _ in range(3):
        await AsyncGroq(settings=SETTINGS).chat.completions.create(**HI)
        gc.collect()
    ends = asyncio.get_running_loop().time() + 20
    while len(asyncio.all_tasks()) > 1 and asyncio.get_running_loop().time() < ends:
        await asyncio.sleep(0.02)
    print(len(asyncio.all_tasks()), end=" ")
    chunks = await stream(AsyncGroq(settings=SETTINGS))
    gc.collect()
    print("".join([chunk.choices[0].delta.content or "" async for chunk in chunks if chunk.choices]))

asyncio.run(main())
""",
        f"1 {COUNTED}",
    ),
}

FORKS = """
client = Groq(settings=SETTINGS)
ask(client)
child = os.fork()
if not child:
    signal.alarm(60)
    print(ask(client), flush=True)
    os._exit(0)
status = os.waitpid(child, 0)[1]
print(status, ask(client))
"""


def run(program: str, folder: object) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + program, str(folder)], capture_output=True, text=True, check=False, timeout=180
    )
    return done.returncode, done.stdout.strip(), done.stderr


@pytest.mark.parametrize("how", PROGRAMS)
def test_a_program_ends_in_silence(how: str, tmp_path: object) -> None:
    program, said = PROGRAMS[how]

    assert run(program, tmp_path) == (0, said, "")


@only_where(hasattr(os, "fork"), "Windows forks nothing")
def test_a_process_that_is_forked_off_asks_as_its_parent_does(tmp_path: object) -> None:
    """It waited for a thread that only its parent has."""
    assert run(FORKS, tmp_path) == (0, f"{COUNTED}\n0 {COUNTED}", "")
