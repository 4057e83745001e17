"""The function of a Gradio demo: history in, growing text out."""

from groq import Groq

client = Groq()


def predict(message, history):
    messages = []
    for human, assistant in history:
        messages.append({"role": "user", "content": human})
        messages.append({"role": "assistant", "content": assistant})
    messages.append({"role": "user", "content": message})
    response = client.chat.completions.create(
        model="llama-3.2-3b-preview", messages=messages, temperature=1.0, stream=True
    )
    partial = ""
    for chunk in response:
        if chunk.choices[0].delta.content is not None:
            partial = partial + chunk.choices[0].delta.content
            yield partial


print([*predict("Count from 1 to 12.", [("Hi", "Hello!")])][-1])
