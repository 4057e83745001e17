"""A saved story is read or refused, and told again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from groq_core.cli import main
from groq_core.errors import RequestError
from groq_core.services.story import FORMAT, read_story

EVENTS = [
    [0.0, {"e": "attempt_started", "provider": "groq", "model": "m", "number": 1}],
    [0.1, {"t": "Hello "}],
    [0.2, {"t": "there"}],
    [0.3, {"e": "receipt", "attempts": [{}]}],
]


def save(**more: object) -> bytes:
    return json.dumps({"format": FORMAT, "texts": True, "events": EVENTS} | more).encode()


def test_story_is_told_to_the_right_streams(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "story.json"
    file.write_bytes(save())

    assert main(["replay", str(file), "--speed", "0"]) == 0
    out, err = capsys.readouterr()
    assert out == "Hello there\n"
    assert "asking groq:m" in err


def test_story_that_ended_in_an_error_says_so_by_its_status(tmp_path: Path) -> None:
    file = tmp_path / "story.json"
    file.write_bytes(save(events=[*EVENTS, [0.4, {"e": "error", "message": "no model could answer"}]]))

    assert main(["replay", str(file), "--speed", "0"]) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        save(format="something else"),
        save(events=[[1.0, {}], [0.5, {}]]),
        save(events=[[-1.0, {}]]),
        save(events=[["soon", {}]]),
    ],
)
def test_what_is_no_story_is_refused(data: bytes) -> None:
    with pytest.raises(RequestError):
        read_story(data)


def test_missing_file_is_a_wrong_use(tmp_path: Path) -> None:
    assert main(["replay", str(tmp_path / "none.json")]) == 2
