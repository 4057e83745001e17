"""Instructor over Groq's client."""

import instructor
from groq import Groq
from pydantic import BaseModel


class Person(BaseModel):
    name: str
    age: int


client = instructor.from_groq(Groq(), mode=instructor.Mode.JSON)
person = client.chat.completions.create(
    model="llama-3.1-8b-instant",
    messages=[{"role": "user", "content": "Extract as JSON: Ada is 36 years old."}],
    response_model=Person,
    max_retries=0,
)
print(type(person).__name__)
