"""The account behind a key, what the key may read, and the error messages for users."""
