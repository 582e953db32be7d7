"""Personal data: what of it there is, what a config wants done with it, and doing it. No I/O."""
