"""Documents into text: one file for each kind."""
