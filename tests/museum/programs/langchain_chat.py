"""LangChain's chat model for Groq."""

from langchain_groq import ChatGroq

chat = ChatGroq(temperature=0, model="mixtral-8x7b-32768")
print(chat.invoke("Count from 1 to 12.").content)
print("".join(str(piece.content) for piece in chat.stream("Count from 1 to 12.")))
