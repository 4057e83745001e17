"""A chat loop that keeps its own history."""

from groq import Groq

client = Groq()
history = [{"role": "system", "content": "You are a friendly bot."}]
for line in ("My name is Ada.", "Count from 1 to 12."):
    history.append({"role": "user", "content": line})
    answer = client.chat.completions.create(model="llama3-8b-8192", messages=history, max_tokens=500)
    history.append({"role": "assistant", "content": answer.choices[0].message.content})
print(history[-1]["content"], len(history))
