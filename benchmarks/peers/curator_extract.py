"""
Bespoke Curator over the same documents, with its structured output, in an environment of its own; or over the rows of
a table, twice, with its own cache between the two runs.

Arguments: ``extract`` or ``rows``, a file with documents (or two lists of rows) as JSON, base URL. Prints each
document's rows, or null where it gave up; or the answers to the second list.
"""

import json
import os
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# The tokenizer's tables come along with LiteLLM; it would fetch them otherwise.
package = find_spec("litellm")
assert package is not None, "it is one of Curator's own requirements"
assert package.origin is not None, "it is a package with files"
os.environ["TIKTOKEN_CACHE_DIR"] = str(Path(package.origin).parent / "litellm_core_utils" / "tokenizers")

import litellm  # noqa: E402 - both read the environment
from bespokelabs import curator  # noqa: E402
from pydantic import BaseModel  # noqa: E402

MODEL = "openai/gpt-oss-120b"


class Line(BaseModel):
    day: str
    what: str
    price: float


class Statement(BaseModel):
    rows: list[Line]


class Reader(curator.LLM):  # type: ignore[misc]
    """One question a document, answered by a statement."""

    response_format = Statement

    def prompt(self, row: dict[str, Any]) -> Any:
        return [{"role": "user", "content": "Extract every row of this statement.\n" + row["text"]}]

    def parse(self, row: dict[str, Any], response: Any) -> dict[str, str]:
        rows = response.rows if isinstance(response, Statement) else [Line(**line) for line in response["rows"]]
        return {"text": row["text"], "found": json.dumps([line.model_dump() for line in rows])}


class Teller(curator.LLM):  # type: ignore[misc]
    """One question a row, answered by a text."""

    def prompt(self, row: dict[str, Any]) -> Any:
        return [{"role": "user", "content": row["text"]}]

    def parse(self, row: dict[str, Any], response: str) -> dict[str, str]:
        return {"text": row["text"], "found": response}


def main(kind: str, source: str, url: str) -> None:
    litellm.model_cost[MODEL] = {"max_tokens": 32768, "litellm_provider": "openai", "mode": "chat"}
    options: dict[str, Any] = {
        "model_name": MODEL,
        "backend": "openai",
        "generation_params": {"max_completion_tokens": 8192},
        "backend_params": {
            "base_url": url,
            "api_key": "sk-bench",
            "max_requests_per_minute": 6000,
            "max_tokens_per_minute": 60_000_000,
            "max_retries": 2,
            "require_all_responses": False,
        },
    }
    given = json.loads(Path(source).read_text())
    with tempfile.TemporaryDirectory() as folder:
        if kind == "extract":
            asker = Reader(response_format=Statement, **options)
            answered = asker([{"text": text} for text in given], working_dir=folder).dataset
            found = {row["text"]: json.loads(row["found"]) for row in answered}
            print(json.dumps([found.get(text) for text in given]))
            return
        teller = Teller(**options)
        for rows in given:
            answered = teller([{"text": text} for text in rows], working_dir=folder).dataset
        found = {row["text"]: row["found"] for row in answered}
        print(json.dumps([found.get(text) for text in given[-1]]))


if __name__ == "__main__":
    main(*sys.argv[1:])
