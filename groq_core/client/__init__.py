"""Groq's own client with the chain behind it, in this process: a script gains it by one changed import."""
