"""What a command is given need not be a file of a disk: pipes, devices without an end, texts as Windows writes them."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from groq_core.cli import main
from groq_core.cli.given_files import MOST
from tests.requires import only_where
from tests.services.test_story import save

ROOT = Path(__file__).parents[2]
MEDIA = ROOT / "tests" / "data" / "media"
SCHEMA = '{"type": "object", "properties": {"total": {"type": "number"}}}'
Output = pytest.CaptureFixture[str]
ON_UNIX = only_where(sys.platform != "win32", "pipes and devices that have names")


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GROQ_CORE_OFFLINE", "1")
    monkeypatch.setenv("GROQ_CORE_DATABASE", f"sqlite:///{tmp_path}/team.db")
    Path("team.db").touch()  # SQLite takes an empty file for a new database
    Path("schema.json").write_text(SCHEMA)
    Path("note.txt").write_text("Total 12.50")
    Path("in.jsonl").write_text('{"prompt": "Say 1"}\n')
    Path("story.json").write_bytes(save())
    return tmp_path


def shell(command: str, most_bytes: int | None = None) -> subprocess.CompletedProcess[str]:
    """A command of a shell that has pipes by name; ``G`` stands for ours."""

    def bound() -> None:
        if most_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    text = command.replace("G ", f'"{sys.executable}" -m groq_core ')
    env = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": os.getcwd()}
    return subprocess.run(
        ["bash", "-c", text], env=env, capture_output=True, text=True, timeout=60, check=False, preexec_fn=bound
    )


@ON_UNIX
@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("G transcribe <(cat {wav})", "loudness"),
        ("cat {wav} | G transcribe -", "loudness"),
        ("G transcribe /dev/stdin < {wav}", "loudness"),
        ("G extract --schema <(cat schema.json) <(cat note.txt)", "12.5"),
        ("cat schema.json | G extract --schema - note.txt", "12.5"),
        ("G replay <(cat story.json) --speed 0", "Hello"),
        ("G agent --file <(cat note.txt) 'What is 6 * 7?'", "42"),
    ],
)
def test_a_pipe_is_read_as_a_file_is(command: str, said: str) -> None:
    done = shell(command.format(wav=MEDIA / "jfk.wav"))

    assert (done.returncode, said in done.stdout) == (0, True), done.stderr


@ON_UNIX
@pytest.mark.parametrize(
    "command",
    ["batch <(cat in.jsonl) out.jsonl", "batch - out.jsonl", "batch in.jsonl -", "backup /dev/stdout | cat"],
)
def test_what_must_be_read_again_or_replaced_is_a_file(command: str) -> None:
    done = shell(f"set -o pipefail; G {command}")

    assert done.returncode == 2
    assert "file" in done.stderr
    assert "there is no file" not in done.stderr
    assert not Path("-").exists()


@only_where(Path("/dev/zero").exists(), "a device without an end")
@pytest.mark.parametrize(
    "command",
    [
        *("extract --schema schema.json /dev/zero", "extract --schema /dev/zero note.txt", "transcribe /dev/zero"),
        *("agent --file /dev/zero hi", "replay /dev/zero", "chat < /dev/zero"),
        *("passwd ann < /dev/zero", "people add ann < /dev/zero"),
    ],
)
def test_what_has_no_end_is_read_to_a_bound(command: str) -> None:
    done = shell(f"G {command}")

    assert done.returncode in (1, 2)
    assert f"longer than {MOST >> 20} MiB" in done.stderr or "at most 256 characters" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_what_windows_wrote_is_read(capsys: Output, encoding: str) -> None:
    for name in ("schema.json", "note.txt", "story.json", "in.jsonl"):
        Path(name).write_bytes(Path(name).read_bytes().decode().replace("\n", "\r\n").encode(encoding))
    Path("prompt.txt").write_bytes("Say {prompt}".encode(encoding))

    assert main(["extract", "--schema", "schema.json", "note.txt"]) == 0
    assert "12.5" in capsys.readouterr().out
    assert main(["replay", "story.json", "--speed", "0"]) == 0
    assert main(["batch", "in.jsonl", "out.jsonl", "--prompt-file", "prompt.txt"]) == 0
    assert "\ufeff" not in Path("out.jsonl").read_text()


WRITES = """
from pathlib import Path
from groq_core.cli.transcribe import write_file
from groq_core.errors import RequestError
try:
    write_file(Path("out/jfk.srt"), "what was heard" * 100)
except RequestError as error:
    print(error)
"""


@ON_UNIX
def test_a_transcript_is_there_whole_or_as_it_was() -> None:
    Path("out").mkdir()
    Path("out/jfk.srt").write_text("what was there")
    done = shell(f"'{sys.executable}' -c '{WRITES}'", most_bytes=100)

    assert "out/jfk.srt cannot be written: File too large" in done.stdout
    assert [file.name for file in Path("out").iterdir()] == ["jfk.srt"]
    assert Path("out/jfk.srt").read_text() == "what was there"
