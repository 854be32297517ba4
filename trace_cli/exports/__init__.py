"""Formats in which history goes out, one a file: the commands of `trace export`."""
