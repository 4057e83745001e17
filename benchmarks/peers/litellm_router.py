"""
LiteLLM's Router, measured from inside its own process, in an environment of its own.

Reads orders from standard input, one a line: ``{"prompt", "stream", "times"}``; answers each with
``{"cpu_s", "text"}``.
"""

import asyncio
import json
import sys
import time
from typing import Any

import litellm
import uvloop
from litellm import Router

litellm.suppress_debug_info = True


async def ask(router: Any, prompt: str, stream: bool) -> Any:
    messages = [{"role": "user", "content": prompt}]
    answer = await router.acompletion(model="m", messages=messages, stream=stream)
    if not stream:
        return answer.choices[0].message.content
    return "".join([part.choices[0].delta.content or "" async for part in answer if part.choices])


async def main() -> None:
    target = {"model": "openai/gpt-4o-mini", "api_base": sys.argv[1], "api_key": "sk-bench"}
    router = Router(model_list=[{"model_name": "m", "litellm_params": target}], num_retries=0)
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        began = time.process_time()
        for _ in range(order["times"]):
            text = await ask(router, order["prompt"], order["stream"])
        print(json.dumps({"cpu_s": time.process_time() - began, "text": text}), flush=True)


uvloop.run(main())
