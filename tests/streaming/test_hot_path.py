"""What a paced token costs, in what can be counted: wakes, reads, writes, objects; on a clock that jumps."""

from __future__ import annotations

import asyncio
import gc
import sys
from itertools import pairwise
from typing import Any

import pytest

from groq_core.errors import Kind
from tests.hot_path import FINISH, Client, Hall, begin, run, schedule, token
from tests.wire_server import event

LONGEST_S = 0.013
"""A token may wait so long, as the README says."""


def lateness(client: Client, due: dict[str, float]) -> list[float]:
    """How long after it came each word was written."""
    found = []
    for at, text in client.texts():
        found += [at - due[f"{word} "] for word in text.split() if f"{word} " in due]
    return found


@pytest.mark.parametrize("plain", [True, False], ids=["plain", "encrypted"])
@pytest.mark.parametrize(
    ("streams", "rate", "gathered"),
    [(1, 100, False), (2, 100, False), (8, 100, True), (8, 500, True), (32, 1000, True)],
)
def test_no_token_wakes_a_task_and_none_waits_longer_than_a_beat(
    streams: int, rate: int, gathered: bool, plain: bool
) -> None:
    async def main() -> None:
        hall, words = Hall(plain=plain), [f"w{number} " for number in range(rate)]
        answers = []
        for _ in range(streams):
            client, task = await hall.ask()
            upstream = hall.wire.upstreams[-1]
            begin(upstream)
            await hall.settle()
            answers.append((client, task, upstream))
            await asyncio.sleep(1 / rate / streams)
        loop = hall.loop
        dues = [schedule(upstream, words, rate) for _, _, upstream in answers]
        wakes, writes = loop.wakes, sum(len(client.writes) for client, _, _ in answers)
        await asyncio.sleep(1 + 2 * LONGEST_S)
        tokens = streams * rate
        made = sum(len(client.writes) for client, _, _ in answers) - writes

        # Ours are the two of the sleep; the fake socket's own are not calls made soon.
        assert loop.wakes - wakes <= 5
        late = [second for (client, _, _), due in zip(answers, dues, strict=True) for second in lateness(client, due)]
        assert len(late) == tokens
        if gathered:
            assert max(late) <= LONGEST_S + 0.001
            # A write takes what came in a beat; until it is known that many come, each is its own.
            assert made <= streams * (1 / LONGEST_S + 0.15 * rate)
        else:
            assert max(late) == 0
            assert made == tokens
        for client, task, upstream in answers:
            upstream.arrive(FINISH)
            await asyncio.wait_for(task, 1)
            assert client.text == "0 " + "".join(words)
            assert client.body.endswith(b"0\r\n\r\n")

    run(main)


def test_a_token_leaves_hardly_anything_behind() -> None:
    async def main() -> None:
        hall = Hall()
        client, task, upstream = await hall.answering()
        data = [token(f"w{number} ") for number in range(2000)]
        for one in data[:1000]:
            upstream.arrive(one)
        client.writes.clear()
        gc.collect()
        gc.disable()
        before, tracked = sys.getallocatedblocks(), gc.get_count()[0]
        for one in data[1000:]:
            upstream.arrive(one)
            client.writes.clear()
        blocks, tracked = sys.getallocatedblocks() - before, gc.get_count()[0] - tracked
        gc.enable()

        # The text itself is kept, to be continued by another model if this one breaks off.
        assert blocks <= 1.1 * 1000
        assert tracked <= 10
        task.cancel()
        await asyncio.wait([task])

    run(main)


def test_first_words_and_an_end_that_is_read_go_at_once() -> None:
    async def main() -> None:
        hall = Hall()
        busy, task, upstream = await hall.answering()
        schedule(upstream, [f"w{number} " for number in range(1000)], 1000)
        await asyncio.sleep(0.5)
        # The process is busy; another answer begins.
        client, other = await hall.ask()
        began = hall.loop.time()
        begin(hall.wire.upstreams[-1], "first")
        await hall.settle()
        assert client.texts() == [(began, "first")]
        # It has said one word, so nothing keeps its socket from being read: an end goes at once too.
        hall.wire.upstreams[-1].arrive(FINISH)
        await hall.settle()
        assert hall.loop.time() == began
        assert client.body.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")
        await other
        task.cancel()
        await asyncio.wait([task])
        assert busy.text

    run(main)


def test_an_end_in_a_gathered_stream_waits_for_no_more_than_its_beat() -> None:
    async def main() -> None:
        hall = Hall()
        client, task, upstream = await hall.answering()
        due = schedule(upstream, [f"w{number} " for number in range(1000)], 1000)
        ended = max(due.values()) + 0.0001
        hall.loop.call_at(ended, upstream.arrive, FINISH)
        await task
        assert hall.loop.time() - ended <= LONGEST_S + 0.001
        assert client.text == "0 " + "".join(due)

    run(main)


def test_what_is_gathered_shrinks_to_nothing_when_few_come() -> None:
    async def main() -> None:
        hall = Hall()
        client, task, upstream = await hall.answering()
        schedule(upstream, [f"w{number} " for number in range(1000)], 1000)
        await asyncio.sleep(1.3)
        assert upstream.reading
        reads = upstream.reads
        await asyncio.sleep(5)
        # An answer that pauses is not looked at again and again.
        assert upstream.reads == reads
        due = schedule(upstream, ["slow1 ", "slow2 "], 10)
        await asyncio.sleep(1)
        assert [at for at, _ in client.texts()[-2:]] == pytest.approx(list(due.values()))
        task.cancel()
        await asyncio.wait([task])

    run(main)


def test_a_slow_reader_makes_the_provider_wait_and_gets_everything() -> None:
    async def main() -> None:
        hall = Hall()
        client, task, upstream = await hall.answering()
        client.flow.pause_writing()
        written = len(client.writes)
        words = [f"w{number} " for number in range(6000)]
        for word in words:
            upstream.arrive(token(word))
            await asyncio.sleep(0)
        assert len(client.writes) == written
        assert not upstream.reading
        assert upstream.buffer
        client.flow.resume_writing()
        await hall.settle()
        upstream.arrive(FINISH)
        await task
        assert client.text == "0 " + "".join(words)

    run(main)


def test_words_that_went_past_the_chain_are_continued_and_none_is_doubled() -> None:
    async def main() -> None:
        hall = Hall()
        client, task = await hall.ask()
        first = hall.wire.upstreams[0]
        begin(first, "One ")
        await hall.settle()
        first.arrive(token("two "))
        first.arrive(token("three "))
        assert client.text == "One two three "
        first.cut()
        second = await hall.next_upstream(1)
        begin(second, "One two ")
        await hall.settle()
        for word in ("three ", "four ", "five "):
            second.arrive(token(word))
            await hall.settle()
        second.arrive(FINISH)
        await task
        assert client.text == "One two three four five "
        assert b'"outcome":"answered"' in client.body
        assert str(Kind.STREAM_CUT).encode() in client.body

    run(main)


def test_silence_after_words_that_went_past_is_still_a_timeout_and_words_put_it_off() -> None:
    async def main() -> None:
        hall = Hall(deadline_s=300)
        client, task = await hall.ask()
        first = hall.wire.upstreams[0]
        begin(first)
        await hall.settle()
        # For a minute a word every nine seconds: never silent for ten.
        due = schedule(first, [f"w{number} " for number in range(7)], 1 / 9)
        last = max(due.values())
        await hall.next_upstream(1)
        assert hall.loop.time() - last == pytest.approx(10, abs=0.2)
        assert client.text == "0 " + "".join(due)
        assert first.closed
        task.cancel()
        await asyncio.wait([task])

    run(main)


def test_the_time_of_the_whole_request_ends_a_stream_whose_words_go_past() -> None:
    async def main() -> None:
        hall = Hall(deadline_s=20, attempts=1)
        client, task = await hall.ask()
        began = hall.loop.time()
        first = hall.wire.upstreams[0]
        begin(first)
        await hall.settle()
        schedule(first, [f"w{number} " for number in range(40)], 1)
        await task
        assert hall.loop.time() - began == pytest.approx(20, abs=0.5)
        assert str(Kind.DEADLINE).encode() in client.body
        assert b"[DONE]" not in client.body

    run(main)


def test_what_is_no_word_goes_its_usual_way_in_order() -> None:
    async def main() -> None:
        hall = Hall()
        client, task = await hall.ask()
        upstream = hall.wire.upstreams[0]
        begin(upstream)
        await hall.settle()
        call = {"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
        upstream.arrive(token("a ") + event({"tool_calls": [call]}) + token("b "))
        upstream.arrive(token("c "))
        await hall.settle()
        upstream.arrive(token("d "))
        await hall.settle()
        upstream.arrive(FINISH)
        await task
        body = client.body
        places = [body.index(mark) for mark in (b'"a "', b'"tool_calls"', b'"b ', b"c ", b'"d "', b"[DONE]")]
        assert all(one < other for one, other in pairwise(places))
        assert client.text == "0 a b c d "

    run(main)


def test_stop_is_immediate_in_the_middle_of_a_beat() -> None:
    async def main() -> None:
        hall = Hall()
        client, task = await hall.ask()
        upstream = hall.wire.upstreams[0]
        begin(upstream)
        await hall.settle()
        schedule(upstream, [f"w{number} " for number in range(1000)], 1000)
        await asyncio.sleep(0.5)
        assert not upstream.reading
        at, writes = hall.loop.time(), len(client.writes)
        task.cancel()
        await asyncio.wait([task])
        assert hall.loop.time() == at
        assert upstream.closed
        await asyncio.sleep(1)
        # The answer says that it broke off, and nothing more.
        assert len(client.writes) <= writes + 2

    run(main)


def test_a_kept_answer_is_kept_whole_though_its_words_come_singly() -> None:
    async def main() -> None:
        hall = Hall(cache=10)
        client, task = await hall.ask(temperature=0)
        upstream = hall.wire.upstreams[0]
        begin(upstream)
        for word in ("a ", "b ", "c "):
            await hall.settle()
            upstream.arrive(token(word))
        upstream.arrive(FINISH)
        await task
        (entry,) = list((hall.house.cache.store or {}).values())
        assert "".join(getattr(one, "text", "") for one in entry.answer) == client.text == "0 a b c "

    run(main)


def test_tokens_of_an_answer_that_broke_off_are_counted_though_they_went_past() -> None:
    async def main() -> None:
        hall = Hall(attempts=1)
        client, task = await hall.ask()
        upstream = hall.wire.upstreams[0]
        begin(upstream)
        await hall.settle()
        for number in range(100):
            upstream.arrive(token(f"{number:03} "))
        upstream.cut()
        await task
        assert b'"tokens_out":100' in client.body

    run(main)


def test_a_read_of_words_goes_through_few_functions_whatever_stands_around_the_answer() -> None:
    """A function that is called for each token costs more than what it does, where every call finds its caches cold."""

    async def main() -> None:
        hall = Hall()
        client, task, upstream = await hall.answering()
        for number in range(10):
            upstream.arrive(token(f"w{number} "))
        called: list[str] = []

        def note(frame: Any, what: str, _: object) -> None:
            if what == "call" and "/groq_core/" in frame.f_code.co_filename.replace("\\", "/"):
                called.append(frame.f_code.co_name)

        for data in (token("one "), token("one ") + token("two ")):
            called.clear()
            sys.setprofile(note)
            upstream.arrive(data)
            sys.setprofile(None)
            assert client.texts()[-1][1] in ("one ", "one two ")
            # From the socket by way of the decoder to the client, and no layer in between.
            assert len(called) <= 13, called
        task.cancel()
        await asyncio.wait([task])

    run(main)
