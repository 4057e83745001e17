"""
Bespoke Curator over a file of batch lines, in an environment of its own.

It is told more than it could find out. The limits: it asks for them with a request of its own, but of Groq's headers
it would take the requests of a day for those of a minute. And how long the answers are: it takes a quarter of the
most that LiteLLM's list says of a model, or 4096 tokens for one that is not in it, and would use a fifth of the rate.

Arguments: the lines, where the answers go (as custom ids, one a line), base URL, requests and tokens a minute.
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


class Asker(curator.LLM):  # type: ignore[misc]
    """A line's messages as they are; what is kept of an answer is whose it is."""

    return_completions_object = False

    def prompt(self, row: dict[str, Any]) -> Any:
        return row["messages"]

    def parse(self, row: dict[str, Any], response: str) -> dict[str, str]:
        return {"custom_id": row["custom_id"]}


def main(source: str, output: str, url: str, requests: str, tokens: str) -> None:
    lines = [json.loads(line) for line in Path(source).read_text().splitlines()]
    model, longest = lines[0]["body"]["model"], lines[0]["body"]["max_completion_tokens"]
    litellm.model_cost[model] = {"max_tokens": 4 * longest, "litellm_provider": "openai", "mode": "chat"}
    asker = Asker(
        model_name=model,
        backend="openai",
        generation_params={"max_completion_tokens": longest},
        backend_params={
            "base_url": url,
            "api_key": "gsk_bench",
            "max_requests_per_minute": int(requests),
            "max_tokens_per_minute": int(tokens),
            "invalid_finish_reasons": ["content_filter"],  # the answers are meant to be short
            "require_all_responses": False,
        },
    )
    rows = [{"custom_id": line["custom_id"], "messages": line["body"]["messages"]} for line in lines]
    with tempfile.TemporaryDirectory() as folder:
        answered = asker(rows, working_dir=folder).dataset
    Path(output).write_text("".join(f"{row['custom_id']}\n" for row in answered))


if __name__ == "__main__":
    main(*sys.argv[1:])
