"""Places are looked up by several threads at once: while the data grows, and when its parts are put together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from groq_core.services.extraction import spans
from groq_core.services.extraction.spans import SourceText


@pytest.mark.parametrize(
    ("name", "text", "value"), [("numbers", "1.0 and 2.0", 2), ("dates", "1 May 2026 and 2 May 2026", "2026-05-02")]
)
def test_who_looks_while_another_thread_reads_misses_nothing(
    name: str, text: str, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Callable[[str], Iterator[Any]] = getattr(spans, name)
    begun, go_on = threading.Event(), threading.Event()

    def read_slowly(text: str) -> Iterator[Any]:
        for found in real(text):
            yield found
            if threading.current_thread() is reader:
                begun.set()
                go_on.wait(30)

    monkeypatch.setattr(spans, name, read_slowly)
    source = SourceText(text)
    reader = threading.Thread(target=source.places, args=(value,))
    reader.start()
    assert begun.wait(30)
    seen = source.places(value)
    go_on.set()
    reader.join()

    assert [text[start:end] for start, end in seen] == [text.rpartition(" and ")[2]]
