"""Tool use with the preview model of summer 2024."""

import json

from groq import Groq

client = Groq()
MODEL = "llama3-groq-70b-8192-tool-use-preview"
tools = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Get the weather of a city",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string", "description": "The city"}},
                "required": ["city"],
            },
        },
    }
]
messages = [{"role": "user", "content": "What is the weather in Paris? Use get_weather."}]
first = client.chat.completions.create(
    model=MODEL, messages=messages, tools=tools, tool_choice="required", max_tokens=4096
)
message = first.choices[0].message
messages.append({"role": "assistant", "tool_calls": [call.model_dump() for call in message.tool_calls]})
for call in message.tool_calls:
    city = json.loads(call.function.arguments)["city"]
    content = json.dumps({"city": city, "weather": "sunny"})
    messages.append({"tool_call_id": call.id, "role": "tool", "name": call.function.name, "content": content})
second = client.chat.completions.create(model=MODEL, messages=messages)
print(message.tool_calls[0].function.name, bool(second.choices[0].message.content))
