"""
Instructor over the same documents, as its documentation calls it: one call a document, two retries.

Arguments: a file with documents as JSON, base URL, and the mode (``JSON`` or ``MD_JSON``). Prints each one's rows, or
null where it gave up.
"""

import json
import sys
from pathlib import Path
from typing import Any

import instructor
import openai
from pydantic import BaseModel


class Line(BaseModel):
    day: str
    what: str
    price: float


class Statement(BaseModel):
    rows: list[Line]


def main(documents: str, url: str, mode: str) -> None:
    client = instructor.from_openai(
        openai.OpenAI(base_url=url, api_key="sk-bench", max_retries=0), mode=instructor.Mode[mode]
    )
    found: list[Any] = []
    for text in json.loads(Path(documents).read_text()):
        try:
            answer = client.chat.completions.create(
                model="openai/gpt-oss-120b",
                max_tokens=8192,
                max_retries=2,
                response_model=Statement,
                messages=[{"role": "user", "content": "Extract every row of this statement.\n" + text}],
            )
            found.append([line.model_dump() for line in answer.rows])
        except Exception as error:
            print(f"gave up: {type(error).__name__}", file=sys.stderr)
            found.append(None)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
