"""One module per command or group of commands; each says what to do and leaves how to others."""
