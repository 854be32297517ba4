"""The dock: a scanner that types like a keyboard, and the session that listens to it."""
