"""Their number and ours: which named rule makes the difference, client by client."""
