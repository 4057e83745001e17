"""DSPy's programs: predictions, chains of thought, an agent, by either adapter."""

import os
from importlib.metadata import version

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import dspy

BASE = os.environ["BASE_URL"] + "/v1"


class Extract(dspy.Signature):
    """Extract the person."""

    text: str = dspy.InputField()
    name: str = dspy.OutputField()
    age: int = dspy.OutputField()


def get_weather(city: str) -> str:
    """Get the weather of a city."""
    return f"hail in {city}"


for kind in ("chat", "responses"):
    lm = dspy.LM("openai/quality", api_base=BASE, api_key="none", model_type=kind, cache=False, num_retries=0)
    with dspy.context(lm=lm):
        said = lm("Count from 1 to 12.")[0]
        assert "12" in (said["text"] if isinstance(said, dict) else said)
with dspy.context(lm=dspy.LM("openai/quality", api_base=BASE, api_key="none", cache=False)):
    assert "391" in dspy.Predict("question -> answer")(question="What is 17 * 23?").answer
    assert dspy.ChainOfThought("question -> answer: int")(question="What is 17 * 23?").answer == 391
    assert dspy.ReAct("question -> answer", tools=[get_weather])(question="What is the weather in Paris?").answer
    with dspy.context(adapter=dspy.JSONAdapter()):
        assert dspy.Predict(Extract)(text="Ada is 36 years old.").age == 36
print("ok", version("dspy"))
