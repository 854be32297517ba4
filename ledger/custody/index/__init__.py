"""Derived tables that say where to look; never trusted, always rebuildable from the log."""
