"""The list of models, as a picker fills itself with it."""

from groq import Groq

client = Groq()
models = sorted(model.id for model in client.models.list().data)
print(len(models) > 5, client.models.retrieve(models[0]).id == models[0])
