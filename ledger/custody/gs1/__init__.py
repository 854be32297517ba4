"""GS1 identification keys: check digits, keys, URIs."""
