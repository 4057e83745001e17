"""One target after another until one answers, and what is remembered of those that did not."""
