"""The page's scripts and styles: served whole, compressed, and nothing beside them."""

from __future__ import annotations

import gzip
import json
import mimetypes
import re
import subprocess
import time
from pathlib import Path

import brotli
import pytest

from groq_core.ui import static
from groq_core.ui.gradio_scripts import FOLDER, HALT, PACE, GradioAssets
from groq_core.ui.static import ASSETS, BEST, QUICK, Assets, without_comments
from tests.requires import needs


def test_file_comes_back_without_its_comments_plain_and_compressed() -> None:
    assets = Assets()
    written = (ASSETS / "js" / "main.js").read_bytes()
    plain = without_comments(written)
    assert len(plain) < len(written)
    assert plain.count(b"\n") == written.count(b"\n"), "errors name lines of the file"

    assert assets.response("js/main.js", "").body == plain
    packed = assets.response("js/main.js", "gzip, deflate")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(bytes(packed.body)) == plain
    best = assets.response("js/main.js", "gzip, deflate, br, zstd")
    assert best.headers["content-encoding"] == "br"
    assert brotli.decompress(bytes(best.body)) == plain


@needs("node", "node_modules")
def test_scripts_without_their_comments_are_the_same_scripts() -> None:
    scripts = {path.name: path.read_bytes() for path in (ASSETS / "js").rglob("*.js")}
    scripts["a.js"] = b"f(/** @type {A} */ (b),\n  /** @type {A}\n */ c /* d */,\n  // e\n  `f /* g`);\n/* h */ i();\n"
    pairs = [[source.decode(), without_comments(source).decode()] for source in scripts.values()]
    compare = """
        import { tokenize } from "espree";
        import { readFileSync } from "node:fs";
        const read = (source) => tokenize(source, { ecmaVersion: "latest", sourceType: "module", loc: true })
          .map(({ type, value, loc }) => [type, value, loc.start.line]);
        const pairs = JSON.parse(readFileSync(0, "utf8"));
        const same = pairs.map(([a, b]) => JSON.stringify(read(a)) === JSON.stringify(read(b)));
        console.log(JSON.stringify(same));
    """
    command = ["node", "--input-type=module", "--eval", compare]
    told = subprocess.run(
        command, input=json.dumps(pairs), capture_output=True, text=True, check=True, cwd=ASSETS.parent, timeout=60
    )
    assert [name for name, same in zip(scripts, json.loads(told.stdout), strict=True) if not same] == []


def test_sheets_without_their_comments_are_the_same_sheets() -> None:
    def words(sheet: bytes) -> list[bytes]:
        return re.sub(rb"/\*.*?\*/", b" ", sheet, flags=re.DOTALL).split()

    for path in (ASSETS / "css").rglob("*.css"):
        assert words(without_comments(path.read_bytes())) == words(path.read_bytes()), path.name


def test_what_is_copied_keeps_its_comments_and_licence() -> None:
    assets = Assets()
    for name in assets.names:
        if name.startswith("vendor/"):
            assert assets.response(name, "").body == (ASSETS / name).read_bytes()


def test_who_asks_first_does_not_wait_for_the_best_compression_and_others_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(static, "BEST", BEST)  # which the other tests do without
    plain = b"".join(b"export const word%d = %d;\n" % (at, at * at) for at in range(5000))
    (tmp_path / "a.js").write_bytes(plain)
    assets, other = Assets(tmp_path), Assets(tmp_path)

    first = bytes(assets.response("a.js", "br").body)
    give_up = time.monotonic() + 30
    while len(assets.response("a.js", "br").body) >= len(first):
        assert time.monotonic() < give_up
        time.sleep(0.01)
    best = bytes(assets.response("a.js", "br").body)

    assert first == brotli.compress(plain, quality=QUICK)
    assert best == brotli.compress(plain, quality=BEST)
    assert other.response("a.js", "br").body == best, "of one process, all applications have it"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("js/main.js", "text/javascript; charset=utf-8"),
        ("vendor/katex/fonts/KaTeX_Main-Regular.woff2", "font/woff2"),
        ("texts.js", "text/javascript; charset=utf-8"),
    ],
)
def test_type_does_not_hang_on_the_tables_of_the_machine(
    name: str, media_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(mimetypes.types_map, ".js", "application/javascript")
    assets = Assets()
    assets.add("texts.js", b"export const texts = {};")

    assert assets.response(name, "").headers["content-type"] == media_type


@pytest.mark.parametrize(
    "name", ["../LICENSE", "js/../../LICENSE", "/etc/passwd", "vendor/README.md", "js", "js/none.js", ""]
)
def test_nothing_else_can_be_asked_for(name: str) -> None:
    assert Assets().response(name, "").status_code == 404


def test_fonts_are_not_compressed_twice() -> None:
    name = "vendor/katex/fonts/KaTeX_Main-Regular.woff2"

    assert "content-encoding" not in Assets().response(name, "br").headers


def test_address_changes_with_the_content(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    before = Assets(tmp_path).version
    (tmp_path / "a.js").write_text("2")

    assert Assets(tmp_path).version != before


def test_no_script_or_style_names_another_host() -> None:
    own = [path for path in ASSETS.rglob("*") if path.suffix in (".js", ".css") and "vendor" not in path.parts]
    assert own
    for path in own:
        hosts = set(re.findall(r"(?:https?:)?//[\w-]+\.[\w.-]+", path.read_text()))
        assert hosts <= {"http://www.w3.org"}, path


def test_every_text_a_script_asks_for_exists() -> None:
    from groq_core.ui.texts import TEXTS

    for path in (ASSETS / "js").rglob("*.js"):
        for name in re.findall(r'say\(\s*"(\w+)"', path.read_text()):
            assert name in TEXTS, f"{path.name} says {name}"


def test_gradios_clock_and_logo_draw_no_frame_once_they_are_gone() -> None:
    (name,) = (path.name for path in FOLDER.glob("statustracker-*.js"))
    plain, served = (FOLDER / name).read_bytes(), bytes(GradioAssets(FOLDER).response(name, "").body)

    assert served.count(PACE.encode() + b"(()=>{") == 1
    assert served.count(HALT.encode()) == 2
    assert len(served) - len(plain) == len(PACE) - len("me") + 2 * (len(HALT) + len(",f"))
