"""The command line: doors and windows of the house."""
