"""Draw answers: text, JSON, charts."""
