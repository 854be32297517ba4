"""Records of the food traceability rule (FSMA 204, 21 CFR part 1 subpart S) out of custody events."""
