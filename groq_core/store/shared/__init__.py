"""State that replicas share for a short while, in Redis or Valkey. Without it each goes on alone with its share."""
