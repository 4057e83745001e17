"""Simon Willison's llm, on the command line as people use it: a prompt, a stream, a schema, a tool."""

import json
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

with tempfile.TemporaryDirectory() as folder:
    base = os.environ["BASE_URL"] + "/v1"
    entry = [
        "- model_id: groq-core-quality", "  model_name: quality", f"  api_base: {base}",
        "  supports_schema: true", "  supports_tools: true", "  vision: true",
    ]  # fmt: skip
    Path(folder, "extra-openai-models.yaml").write_text("\n".join(entry) + "\n")
    env = {**os.environ, "LLM_USER_PATH": folder, "OPENAI_API_KEY": "none"}

    def llm(*arguments: str) -> str:
        command = [sys.executable, "-m", "llm", *arguments]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "12" in llm("-m", "groq-core-quality", "Count from 1 to 12.")
    assert "12" in llm("-m", "groq-core-quality", "--no-stream", "Count from 1 to 12.")
    assert llm("-c", "And now count from 1 to 13.")
    data = json.loads(llm("-m", "groq-core-quality", "--schema", "name, age int", "Ada is 36 years old."))
    assert isinstance(data["age"], int)
    functions = 'def get_weather(city: str) -> str:\n    "Get the weather of a city."\n    return "hail in " + city'
    said = llm("-m", "groq-core-quality", "--functions", functions, "What is the weather in Paris?")
    assert "hail" in said, said
    said = llm("-m", "groq-core-quality", "-a", os.environ["PICTURE"], "Which colour is this picture?")
    assert "red" in said, said
print("ok", version("llm"))
