"""Commands about MRR: a module each, with `add_arguments` and `run`."""
