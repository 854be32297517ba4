"""Signature algorithms, one a file."""
