"""`POST /v1/chat/completions`: its body and parameters in, its chunks or its completion out."""
