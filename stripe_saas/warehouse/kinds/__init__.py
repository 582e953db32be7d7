"""What each kind of warehouse does in its own way: connect, take a batch in, lock out others."""
