"""The HTTP API: the OpenAI wire format in front, one handler of events behind."""
