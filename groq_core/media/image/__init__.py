"""Pictures: recognised, turned upright, freed of what they tell about their maker, made small enough."""
