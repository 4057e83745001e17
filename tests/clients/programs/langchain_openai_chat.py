"""LangChain's chat model for OpenAI, by Chat Completions and by the Responses API."""

import os
from importlib.metadata import version

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel


class Person(BaseModel):
    """A person."""

    name: str
    age: int


@tool
def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"hail in {city}"


BASE = os.environ["BASE_URL"] + "/v1"
for more in ({}, {"use_responses_api": True}, {"reasoning": {"effort": "low", "summary": "auto"}}):
    chat = ChatOpenAI(model="quality", base_url=BASE, api_key="none", max_retries=0, **more)
    assert "12" in chat.invoke("Count from 1 to 12.").text
    assert "12" in "".join(piece.text for piece in chat.stream("Count from 1 to 12."))
    talk = [HumanMessage("What is the weather in Paris?")]
    called = chat.bind_tools([get_weather]).invoke(talk)
    assert called.tool_calls[0]["args"] == {"city": "Paris"}, called
    talk += [
        called,
        ToolMessage(get_weather.invoke(called.tool_calls[0]["args"]), tool_call_id=called.tool_calls[0]["id"]),
    ]
    assert "hail" in chat.bind_tools([get_weather]).invoke(talk).text
    for method in ("json_schema", "function_calling"):
        assert isinstance(chat.with_structured_output(Person, method=method).invoke("Ada is 36."), Person)
print("ok", version("langchain-openai"))
