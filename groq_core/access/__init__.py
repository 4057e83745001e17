"""Who may ask: names, origins, proxies and sessions; what both edges decide by, before either does anything."""
