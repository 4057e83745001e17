"""Each command keeps data and remarks apart, and its exit status tells how it went."""

from __future__ import annotations

import asyncio
import errno
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from groq_core.cli import COMMANDS, main, transcribe
from groq_core.simulator import Fault, Simulator

Output = pytest.CaptureFixture[str]


@pytest.fixture
def groq(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Simulator]:
    """A simulator in a loop of its own, set up as Groq, for commands that bring their own loop."""
    simulator = Simulator(pace=0, limits="off", seed=1)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(simulator.start(), loop).result()
    monkeypatch.setenv("GROQ_API_KEY", "gsk_test")
    monkeypatch.setenv("GROQ_BASE_URL", simulator.groq_url)
    monkeypatch.chdir(tmp_path)
    yield simulator
    asyncio.run_coroutine_threadsafe(simulator.stop(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def prompts(path: Path, count: int) -> Path:
    path.write_text("".join(json.dumps({"prompt": f"Say {number}"}) + "\n" for number in range(count)))
    return path


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().split("\n") if line]


@pytest.mark.parametrize("command", [module.__name__.rpartition(".")[2] for module in COMMANDS])
def test_each_command_explains_itself(command: str, capsys: Output) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])

    assert left.value.code == 0
    assert "usage: python -m groq_core" in capsys.readouterr().out


@pytest.mark.parametrize("args", [[], ["fly"], ["batch"], ["batch", "a", "b", "--via", "post"]])
def test_wrong_use_is_told_with_status_2(args: list[str], capsys: Output) -> None:
    with pytest.raises(SystemExit) as left:
        main(args)

    assert left.value.code == 2
    assert capsys.readouterr().err.startswith("usage:")


def test_wrong_settings_are_told_with_status_2(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    monkeypatch.setenv("GROQ_CORE_DEADLINE", "soon")

    assert main(["doctor"]) == 2
    assert "GROQ_CORE_DEADLINE='soon'" in capsys.readouterr().err


def test_doctor_says_which_model_each_tier_resolves_to(groq: Simulator, capsys: Output) -> None:
    assert main(["doctor"]) == 0
    told = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}

    assert told["mode"].endswith("live")
    assert groq.groq_url in told["groq"]
    assert "OPENAI_API_KEY" in told["backup"]
    assert "live" in told["catalogue"]
    assert "groq:openai/gpt-oss-20b" in told["speed"]
    assert "groq:qwen/qwen3.8-27b" in told["vision"]


def test_doctor_finds_that_the_key_is_refused(groq: Simulator, capsys: Output) -> None:
    groq.faults.add(Fault(kind="status", preset="401"))

    main(["doctor"])

    assert "Invalid API Key" in capsys.readouterr().out


def test_chat_writes_the_answer_and_nothing_else(groq: Simulator, capsys: Output) -> None:
    assert main(["chat", "Hello", "--model", "openai/gpt-oss-120b"]) == 0
    told = capsys.readouterr()

    assert "simulator" in told.out
    assert told.err == "groq:openai/gpt-oss-120b\n"


def test_every_command_that_asks_says_when_no_model_answers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Output
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GROQ_CORE_OFFLINE", "1")
    prompts(tmp_path / "in.jsonl", 1)
    (tmp_path / "schema.json").write_text('{"type": "object", "properties": {"total": {"type": "number"}}}')
    (tmp_path / "note.txt").write_text("Total 12.50")
    for command in (
        ["chat", "Hi"],
        ["batch", "in.jsonl", "out.jsonl"],
        ["extract", "--schema", "schema.json", "note.txt"],
        ["agent", "6 * 7"],
    ):
        assert main(command) == 0
        assert "simulator: " in capsys.readouterr().err, command
    assert '"simulated":true' in (tmp_path / "out.jsonl").read_text()


def test_batch_answers_each_line_and_ends_in_json(groq: Simulator, tmp_path: Path, capsys: Output) -> None:
    prompts(tmp_path / "in.jsonl", 20)

    assert main(["batch", "in.jsonl", "out.jsonl", "--max-tokens", "20"]) == 0
    told = capsys.readouterr()

    assert len(rows(tmp_path / "out.jsonl")) == 20
    assert json.loads(told.out)["done"] == 20
    assert "20 lines, about" in told.err
    assert "\x1b" not in told.err


def test_batch_fills_a_template_from_a_table(groq: Simulator, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("title,text\nSeas,salty\n")

    asked = ["--prompt", "Sum up {title}: {text}", "--system", "Be brief.", "--model", "openai/gpt-oss-20b"]
    params = ["--param", "temperature=0", "--param", "reasoning_effort=low"]

    status = main(["batch", "in.csv", "out.jsonl", *asked, *params])
    (seen,) = (request.body for request in groq.requests if request.path.endswith("completions"))

    assert status == 0
    assert seen["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Sum up Seas: salty"},
    ]
    assert (seen["temperature"], seen["reasoning_effort"]) == (0, "low")


def test_batch_lists_what_failed_and_runs_it_again_alone(groq: Simulator, tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "in.jsonl").write_text('{"prompt":"a"}\n{"promt":"b"}\n{"prompt":"c"}\n')

    assert main(["batch", "in.jsonl", "out.jsonl"]) == 1
    assert "1 × invalid_request" in capsys.readouterr().err
    # Mending the line changes the input, so the answers need a new file unless only the reason has gone.
    asked = len(groq.requests)
    assert main(["batch", "in.jsonl", "out.jsonl", "--retry-failed"]) == 1
    assert "1 failed lines are run again" in capsys.readouterr().err
    # The list of models is read beside the run, and may not have been before so short a run ends.
    assert {request.path for request in list(groq.requests)[asked:]} <= {"/openai/v1/models"}


def test_batch_given_again_asks_nothing(groq: Simulator, tmp_path: Path) -> None:
    prompts(tmp_path / "in.jsonl", 5)
    main(["batch", "in.jsonl", "out.jsonl"])
    before = (tmp_path / "out.jsonl").read_bytes()

    assert main(["batch", "in.jsonl", "out.jsonl"]) == 0
    assert (tmp_path / "out.jsonl").read_bytes() == before
    assert len([request for request in groq.requests if request.path.endswith("completions")]) == 5


def test_batch_through_the_batch_api(groq: Simulator, tmp_path: Path, capsys: Output) -> None:
    prompts(tmp_path / "in.jsonl", 5)

    assert main(["batch", "in.jsonl", "out.jsonl", "--via", "groq-batch", "--model", "quality"]) == 0
    end = json.loads(capsys.readouterr().out)

    assert end["done"] == 5
    assert end["usd"] > 0
    assert len(rows(tmp_path / "out.jsonl")) == 5


def test_an_estimate_asks_nothing_and_writes_nothing(groq: Simulator, tmp_path: Path, capsys: Output) -> None:
    prompts(tmp_path / "in.jsonl", 90)

    assert main(["batch", "in.jsonl", "out.jsonl", "--estimate", "--model", "openai/gpt-oss-120b"]) == 0
    told = capsys.readouterr().err

    assert "90 lines, about" in told
    assert "openai/gpt-oss-120b: $" in told
    assert "on the free plan" in told
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize(
    ("args", "says"),
    [
        pytest.param(["none.jsonl", "out.jsonl"], "no file none.jsonl", id="no input"),
        pytest.param(["in.jsonl", "in.jsonl"], "the same file", id="onto itself"),
        pytest.param(["in.jsonl", "out.jsonl", "--prompt", "{"], "stray brace", id="template"),
        pytest.param(["in.jsonl", "out.jsonl", "--param", "x"], "not NAME=JSON", id="parameter"),
        pytest.param(["in.jsonl", "out.jsonl", "--param", "temperature=NaN"], "takes no NaN", id="no number"),
        pytest.param(["in.jsonl", "/dev/full"], "no file that can be read again", id="device"),
        pytest.param(["in.jsonl", "out.jsonl", "--schema", "none.json"], "--schema none.json: ", id="schema"),
        pytest.param(["empty.jsonl", "out.jsonl"], "holds no lines", id="empty input"),
        pytest.param(["in.jsonl", "notes.txt"], "not the output of a batch", id="other output"),
    ],
)
def test_a_batch_that_cannot_be_run_says_why(
    groq: Simulator, tmp_path: Path, capsys: Output, args: list[str], says: str
) -> None:
    prompts(tmp_path / "in.jsonl", 1)
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "notes.txt").write_text("milk\n")

    assert main(["batch", *args]) == 2
    assert says in capsys.readouterr().err
    assert (tmp_path / "notes.txt").read_text() == "milk\n"


@pytest.mark.parametrize("name", ["--most", "--rpm", "--tpm", "--max-tokens"])
def test_a_limit_of_a_batch_that_is_none_is_refused(tmp_path: Path, capsys: Output, name: str) -> None:
    for value in ("0", "-1", "nan", "1.5"):
        with pytest.raises(SystemExit) as left:
            main(["batch", "in.jsonl", "out.jsonl", f"{name}={value}"])
        assert left.value.code == 2
        assert name in capsys.readouterr().err


@pytest.mark.parametrize("name", ["out.jsonl.job.new", "table.csv"])
def test_a_full_disk_is_told_with_every_row_accounted_for(
    groq: Simulator, tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    prompts(tmp_path / "in.jsonl", 3)
    real = Path.open

    def full(path: Path, *args: Any, **named: Any) -> Any:
        if path.name == name:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, *args, **named)

    monkeypatch.setattr(Path, "open", full)
    assert main(["batch", "in.jsonl", "out.jsonl", "--table", "table.csv"]) == 1
    said = capsys.readouterr()
    accounts = json.loads(said.out)

    assert accounts["rows"] == accounts["answered"] + accounts["failed"] + accounts["unanswered"] == 3
    assert "the disk is full: out.jsonl keeps" in said.err
    assert "same command again" in said.err
    assert not (tmp_path / "table.csv").exists()


def test_a_batch_with_a_refused_key_stops_with_status_1(groq: Simulator, tmp_path: Path, capsys: Output) -> None:
    prompts(tmp_path / "in.jsonl", 50)
    groq.faults.add(Fault(kind="status", preset="401", operation="chat"))

    assert main(["batch", "in.jsonl", "out.jsonl"]) == 1
    assert "stopped: " in capsys.readouterr().err
    assert rows(tmp_path / "out.jsonl") == []


def test_a_catalogue_that_is_none_is_refused(capsys: Output) -> None:
    assert main(["simulate", "--port", "0", "--catalogue", "1999"]) == 2
    assert "the simulator cannot start" in capsys.readouterr().err


SCHEMA = {"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]}


def test_extract_writes_data_that_fits_the_schema(groq: Simulator, tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "s.json").write_text(json.dumps(SCHEMA))
    (tmp_path / "bill.txt").write_text("Total: 42.50")

    assert main(["extract", "--schema", "s.json", "bill.txt"]) == 0
    told = capsys.readouterr()

    assert json.loads(told.out) == {"total": 42.5}
    assert "1 questions, $" in told.err


@pytest.mark.parametrize(
    ("schema", "file", "says"),
    [
        pytest.param("{", "bill.txt", "--schema s.json is not JSON", id="schema"),
        pytest.param("[]", "bill.txt", "not a JSON object", id="schema of another type"),
        pytest.param(json.dumps(SCHEMA), "none.txt", "none.txt: No such file", id="no file"),
    ],
)
def test_an_extraction_that_cannot_be_says_why(
    groq: Simulator, tmp_path: Path, capsys: Output, schema: str, file: str, says: str
) -> None:
    (tmp_path / "s.json").write_text(schema)
    (tmp_path / "bill.txt").write_text("Total: 42.50")

    assert main(["extract", "--schema", "s.json", file]) == 2
    assert says in capsys.readouterr().err


MEDIA = Path(__file__).parents[1] / "data" / "media"


def test_transcribe_writes_subtitles(groq: Simulator, capsys: Output) -> None:
    assert main(["transcribe", str(MEDIA / "galileo.mp3"), "--format", "srt"]) == 0
    assert capsys.readouterr().out.startswith("1\n00:00:")


def test_transcribe_writes_a_file_each_and_counts_what_failed(groq: Simulator, tmp_path: Path, capsys: Output) -> None:
    names = [str(MEDIA / "jfk.wav"), str(MEDIA / "empty-header-only.wav"), "none.mp3"]

    assert main(["transcribe", *names, "--format", "vtt", "--to", "texts"]) == 1
    assert [path.name for path in (tmp_path / "texts").iterdir()] == ["jfk.vtt"]
    told = capsys.readouterr()
    assert told.out == ""
    assert "empty-header-only.wav: The recording holds no sound" in told.err
    assert "none.mp3: No such file" in told.err


def test_a_run_over_several_recordings_goes_on_where_it_was(
    groq: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["transcribe", str(MEDIA / "jfk.wav"), str(MEDIA / "galileo.mp3"), "--to", "texts"]
    real = transcribe._transcribe

    async def end_at_the_second(service: Any, path: Path, *others: Any) -> Any:
        if path.name == "galileo.mp3":
            raise KeyboardInterrupt
        return await real(service, path, *others)

    monkeypatch.setattr(transcribe, "_transcribe", end_at_the_second)
    assert main(command) == 130
    monkeypatch.setattr(transcribe, "_transcribe", real)
    before = len(groq.requests)
    assert main(command) == 0

    asked = [one.path for one in list(groq.requests)[before:] if one.path.endswith("transcriptions")]
    assert len(asked) == 1  # the second recording alone
    assert sorted(path.name for path in (tmp_path / "texts").iterdir()) == ["galileo.txt", "jfk.txt"]


def test_what_lies_where_a_transcript_is_written_is_kept(groq: Simulator, tmp_path: Path, capsys: Output) -> None:
    notes = tmp_path / "jfk.txt"
    notes.write_text("My own notes.")
    command = ["transcribe", str(MEDIA / "jfk.wav"), "--to", "."]

    assert main(command) == 0
    assert "what was there is in jfk.txt.earlier" in capsys.readouterr().err
    assert (tmp_path / "jfk.txt.earlier").read_text() == "My own notes."
    assert main(command) == 0  # the same once more
    assert "earlier" not in capsys.readouterr().err
    notes.write_text("Others.")
    assert main(command) == 0
    assert (tmp_path / "jfk.txt.earlier").read_text() == "My own notes."
    assert (tmp_path / "jfk.txt.earlier-2").read_text() == "Others."

    notes.unlink()
    notes.mkdir()
    assert main([*command[:2], str(MEDIA / "galileo.mp3"), *command[2:]]) == 1
    assert "jfk.txt cannot be written" in capsys.readouterr().err
    assert (tmp_path / "galileo.txt").is_file(), "the others are written all the same"


def test_subtitles_of_several_recordings_need_a_folder(capsys: Output) -> None:
    assert main(["transcribe", "a.mp3", "b.mp3", "--format", "srt"]) == 2
    assert "--to" in capsys.readouterr().err


def test_an_agent_tells_its_steps_apart_from_its_answer(groq: Simulator, capsys: Output, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("The meeting is on 3 May.")

    assert main(["agent", "--file", "notes.txt", "Work out 6 * 7"]) == 0
    said = capsys.readouterr()
    assert "42" in said.out
    assert "calculate" in said.err
    assert "answered: 2 steps" in said.err

    assert main(["agent", "--max-steps", "1", "Work out 6 * 7"]) in (0, 1)
    assert main(["agent", "--file", "gone.txt", "Read it"]) == 2
    assert "gone.txt" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["extract", "--schema", "s.json", "bill.txt"], ["agent", "Work out 6 * 7"]])
def test_on_the_simulator_every_command_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Output, command: list[str]
) -> None:
    monkeypatch.setenv("GROQ_CORE_OFFLINE", "1")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.json").write_text(json.dumps(SCHEMA))
    (tmp_path / "bill.txt").write_text("Total: 42.50")

    assert main(command) == 0
    assert "simulator: no model has answered this" in capsys.readouterr().err


def test_a_table_that_was_edited_is_gone_on_with(groq: Simulator, tmp_path: Path, capsys: Output) -> None:
    table, asked = tmp_path / "in.csv", ["batch", "in.csv", "out.jsonl", "--prompt", "Say {word}"]
    table.write_text("word\nred\nblue\ngreen\n")
    assert main(asked) == 0
    table.write_text("word\npink\ngreen\nred\n")
    capsys.readouterr()

    assert main([*asked, "--table", "beside.csv"]) == 0
    said = capsys.readouterr()

    end = json.loads(said.out)
    assert (end["rows"], end["answered"], end["failed"], end["unanswered"]) == (3, 3, 0, 0)
    assert end["usd_least"] <= end["usd"] + 1e-9 <= end["usd_most"] or end["usd"] < end["usd_least"]
    assert "2 moved with their rows" in said.err
    assert "3 answered, 0 failed, 0 unanswered of 3 rows" in said.err
    assert "at most" in said.err
    prompts_sent = [
        request.body["messages"][-1]["content"] for request in groq.requests if request.path.endswith("completions")
    ]
    assert sorted(prompts_sent) == ["Say blue", "Say green", "Say pink", "Say red"]
