"""The state-fault campaign: replicas behind nginx, and everything they share broken again and again under load."""
