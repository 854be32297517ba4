"""Formats in which events come in and go out, one a file."""
