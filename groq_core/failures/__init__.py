"""What kinds of failure there are, how one is recognised, and what follows from it."""
