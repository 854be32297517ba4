"""Where things come from and what became of them: links that each rest on a proven event."""
