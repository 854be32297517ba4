"""Build the answers that commands give, as plain data."""
