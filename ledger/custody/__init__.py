"""What happened to things: events, identifiers, exchange formats, history."""
