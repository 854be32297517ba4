"""Where the bytes of a log lie: one contract (`base`), two stores (`memory`, `sqlite`)."""
