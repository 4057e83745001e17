"""What the README says of the code is what the code says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from groq_core.settings.env_file import load
from groq_core.settings.settings import Settings, variables
from scripts.readme import PARTS, WHERE, env_example, render, summary

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_generated_parts_are_fresh() -> None:
    assert render(README) == README, "run: make docs"


def test_env_example_is_fresh() -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == env_example(), "run: make docs"


def test_a_readme_without_a_place_for_a_part_is_refused() -> None:
    with pytest.raises(ValueError, match="no place for policy"):
        render(README.replace("<!-- policy -->", ""))


@pytest.mark.parametrize("name", PARTS)
def test_every_generated_part_has_rows(name: str) -> None:
    assert len(PARTS[name]().splitlines()) > 4


def test_env_example_uncommented_is_every_default(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(re.sub(r"^#(?=\w+=)", "", env_example(), flags=re.MULTILINE))

    assert load(file, {}) == Settings()
    assert all(f"{env.name}=" in file.read_text() for env in variables().values())


def test_the_header_for_spaces_is_whole_and_names_what_is_installed() -> None:
    _, front, _ = README.split("---\n", 2)
    header = {key: value.strip('"') for key, value in re.findall(r"^(\w+): (.+)$", front, re.MULTILINE)}
    pins = dict(re.findall(r"^([\w-]+)(?:\[\w+\])?==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert header["sdk"] == "gradio"
    assert header["sdk_version"] == pins["gradio"]
    assert project["requires-python"].split(",")[0] == f">={header['python_version']}"
    assert header["license"] == project["license"].lower()
    assert header["app_file"] == "app.py"
    assert len(header["short_description"]) <= 60
    assert len(header["emoji"]) <= 2
    colours = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
    assert {header["colorFrom"], header["colorTo"]} <= colours


def test_links_inside_the_page_lead_somewhere() -> None:
    anchors = {
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.+)$", README, re.M)
    }

    assert set(re.findall(r"\]\(#([\w-]+)\)", README)) <= anchors


def test_every_module_says_in_its_first_line_what_it_is_for() -> None:
    for file in (ROOT / "groq_core").rglob("*.py"):
        if file.name != "__init__.py" or file.parent.parent == ROOT / "groq_core":
            assert summary(file), file


def test_every_target_of_make_in_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"^make ([a-z]+)", README, re.MULTILINE)) <= targets


def test_what_we_write_ourselves_is_there_and_has_its_reason() -> None:
    table = README.partition("### What we write ourselves, and why")[2].partition("\nLicence:")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("| ")][
        2:
    ]
    named = [path for own, _, _ in rows for path in re.findall(r"`([\w./-]+[/.][\w./-]*)`", own) if path != "/docs"]

    assert len(named) >= 14
    assert not [path for path in named if not ((ROOT / "groq_core" / path).exists() or (ROOT / path).exists())]
    assert all(why for _, _, why in rows)


@pytest.mark.parametrize(("question", "path", "name"), WHERE)
def test_a_newcomers_question_is_answered_where_the_table_says(question: str, path: str, name: str) -> None:
    source = (ROOT / path).read_text(encoding="utf-8")

    assert re.search(rf"^(?:class |def |async def )?{name}\b(?:[:(\[]| =|: )", source, re.MULTILINE), question


def test_every_report_names_a_test_that_is_there() -> None:
    rows = [line for line in (ROOT / "tests" / "REPORTS.md").read_text().splitlines() if line.startswith("| ")][1:]
    for row in rows:
        kind, reported, held = (cell.strip() for cell in row.strip("|").split("|"))
        path = ""
        for name in re.findall(r"`([^`]*test_\w+)`", held):
            path, test = name.split("::") if "::" in name else (path, name)
            assert re.search(rf"\b{test}\b", (ROOT / path).read_text()), f"{kind}: {path} has no {test}"
        assert path, f"{kind}: held by nothing"
        assert not reported or all(re.fullmatch(r"[\w./-]+#\d+", one) for one in reported.split(", ")), kind
    assert len(rows) >= 60


def test_every_file_that_came_out_wrong_has_its_test_and_others_of_its_kind() -> None:
    rows = [line for line in (ROOT / "tests" / "CASES.md").read_text().splitlines() if line.startswith("| ")][1:]
    listed = set[str]()
    for row in rows:
        names, held, others = (cell.strip() for cell in row.strip("|").split("|"))
        listed.update(names.split(", "))
        for cell in (held, others):
            named = re.findall(r"`([^`]+)::(test_\w+)`", cell)
            assert named, row
            for path, test in named:
                assert re.search(rf"^(?:async )?def {test}\(", (ROOT / path).read_text(), re.MULTILINE), (
                    f"{path}::{test}"
                )
        path = held.strip("`").partition("::")[0]
        assert all(name in (ROOT / path).read_text() or name == "memo.m4a" for name in names.split(", ")), row

    assert listed == {path.name for path in (ROOT / "tests" / "data" / "cases").iterdir()} - {"SOURCES.md"}
