"""Working snippets of Python for questions that ask for code; one that counts the question's words for the rest."""

from __future__ import annotations

import re

SNIPPETS: tuple[tuple[str, str, str], ...] = (
    # (what the question mentions, what it does, the code)
    (r"fibonacci", "The Fibonacci numbers, one after the other", """
def fibonacci(count: int) -> list[int]:
    numbers = [0, 1]
    while len(numbers) < count:
        numbers.append(numbers[-1] + numbers[-2])
    return numbers[:count]


print(fibonacci(10))  # [0, 1, 1, 2, 3, 5, 8, 13, 21, 34]
"""),
    (r"factorial", "The product of all whole numbers up to n", """
def factorial(n: int) -> int:
    return 1 if n < 2 else n * factorial(n - 1)


print(factorial(10))  # 3628800
"""),
    (r"prime", "Prime numbers by the sieve of Eratosthenes", """
def primes(below: int) -> list[int]:
    is_prime = [False, False] + [True] * (below - 2)
    for n in range(2, int(below**0.5) + 1):
        if is_prime[n]:
            is_prime[n * n :: n] = [False] * len(is_prime[n * n :: n])
    return [n for n, prime in enumerate(is_prime) if prime]


print(primes(30))  # [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]
"""),
    (r"palindrome", "Whether a text reads the same backwards", """
def is_palindrome(text: str) -> bool:
    letters = [c.lower() for c in text if c.isalnum()]
    return letters == letters[::-1]


print(is_palindrome("A man, a plan, a canal: Panama"))  # True
"""),
    (r"fizz ?buzz", "FizzBuzz", """
for n in range(1, 16):
    print("Fizz" * (n % 3 == 0) + "Buzz" * (n % 5 == 0) or n)
"""),
    (r"reverse", "A text, backwards", """
def backwards(text: str) -> str:
    return text[::-1]


print(backwards("simulated"))  # detalumis
"""),
    (r"sort", "Sorted by length, then by alphabet", """
def by_length(words: list[str]) -> list[str]:
    return sorted(words, key=lambda word: (len(word), word))


print(by_length(["pear", "fig", "apple"]))  # ['fig', 'pear', 'apple']
"""),
    (r"hello,? world", "The shortest greeting", """
print("Hello, world!")
"""),
    (r"\b(add|adds|sum|adding)\b", "Adding numbers", """
def add(*numbers: float) -> float:
    return sum(numbers)


print(add(2, 3))  # 5
"""),
)  # fmt: skip


def section(question: str) -> str:
    """A heading, a line on what the code does, and the code in a block."""
    asked = question.lower()
    for pattern, what, code in SNIPPETS:
        if re.search(pattern, asked):
            return f"## In code\n\n{what}:\n\n```python\n{code.strip()}\n```"
    line = " ".join(question.split())[:60]
    return (
        f"## In code\n\nCounting the words of your message, which gives {len(line.split())}:\n\n```python\n"
        f"def count_words(text: str) -> int:\n    return len(text.split())\n\n\nprint(count_words({line!r}))\n```"
    )
