"""Event types of EPCIS 2.0, one a file."""
