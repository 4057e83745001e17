"""What a model is, which there are, what they cost, and which of them make up a tier."""
