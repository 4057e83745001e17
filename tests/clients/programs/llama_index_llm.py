"""LlamaIndex's models for OpenAI-like servers, for OpenAI's Responses API, and a query with data out."""

import os
from importlib.metadata import version

from llama_index.core.llms import ChatMessage
from llama_index.core.prompts import PromptTemplate
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai import OpenAIResponses
from llama_index.llms.openai_like import OpenAILike
from pydantic import BaseModel

BASE = os.environ["BASE_URL"] + "/v1"


class Person(BaseModel):
    """A person."""

    name: str
    age: int


def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"hail in {city}"


like = OpenAILike(
    model="quality", api_base=BASE, api_key="none", is_chat_model=True, is_function_calling_model=True, max_retries=0
)
responses = OpenAIResponses(model="gpt-4o-mini", api_base=BASE, api_key="none", max_retries=0)
for llm in (like, responses):
    assert "12" in llm.complete("Count from 1 to 12.").text
    assert "12" in llm.chat([ChatMessage(role="user", content="Count from 1 to 12.")]).message.content
    assert "12" in "".join(piece.delta or "" for piece in llm.stream_chat([ChatMessage("Count from 1 to 12.")]))
    tool = FunctionTool.from_defaults(get_weather)
    said = llm.predict_and_call([tool], "What is the weather in Paris?")
    assert "hail" in str(said)
    person = llm.structured_predict(Person, PromptTemplate("Extract: {text}"), text="Ada is 36 years old.")
    assert isinstance(person, Person)
print("ok", version("llama-index-llms-openai-like"))
