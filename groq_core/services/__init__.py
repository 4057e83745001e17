"""What the app can do, in its users' words; each a few lines on the one pipeline."""
