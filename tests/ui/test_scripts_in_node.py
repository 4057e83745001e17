"""What is nearly pure in the page's scripts, tested in Node: words, figures, sentences, the text view, the wire."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from groq_core.ui.texts import TEXTS
from groq_core.ui.texts_de import GERMAN
from groq_core.ui.texts_de_server import SERVER
from tests.requires import find, needs

ROOT = Path(__file__).parents[2]


@needs("node", "node_modules")
def test_the_scripts_pass_their_own_tests(tmp_path: Path) -> None:
    texts = tmp_path / "texts.json"
    texts.write_text(json.dumps({"english": TEXTS, "german": GERMAN, "server": SERVER}), encoding="utf-8")
    node = find("node")
    assert node

    done = subprocess.run(
        [node, "--import", "./tests/js/page.js", "./tests/js/all.js"],
        cwd=ROOT,
        env=os.environ | {"PAGE_TEXTS": str(texts)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
