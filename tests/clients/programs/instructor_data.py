"""Instructor over OpenAI's and Groq's clients, in its usual modes, whole and growing."""

import os
from importlib.metadata import version

import instructor
import openai
from groq import Groq
from pydantic import BaseModel

BASE = os.environ["BASE_URL"]


class Person(BaseModel):
    name: str
    age: int


asked = {"messages": [{"role": "user", "content": "Extract: Ada is 36 years old."}], "response_model": Person}
plain = openai.OpenAI(base_url=f"{BASE}/v1", api_key="none", max_retries=0)
for mode in (instructor.Mode.TOOLS, instructor.Mode.JSON, instructor.Mode.JSON_SCHEMA, instructor.Mode.MD_JSON):
    client = instructor.from_openai(plain, mode=mode)
    person = client.chat.completions.create(model="quality", max_retries=0, **asked)
    assert isinstance(person, Person), mode
client = instructor.from_openai(plain, mode=instructor.Mode.RESPONSES_TOOLS)
assert isinstance(client.responses.create(model="quality", input="Ada is 36.", response_model=Person), Person)
client = instructor.from_openai(plain, mode=instructor.Mode.JSON)
growing = list(client.chat.completions.create_partial(model="quality", **asked))
assert isinstance(growing[-1].age, int)
for mode in (instructor.Mode.JSON, instructor.Mode.TOOLS):
    client = instructor.from_groq(Groq(base_url=BASE, api_key="none", max_retries=0), mode=mode)
    assert isinstance(client.chat.completions.create(model="llama-3.3-70b-versatile", max_retries=0, **asked), Person)
print("ok", version("instructor"))
