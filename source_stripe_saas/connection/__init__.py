"""Whose account a key opens, what it may read, and in which words a refusal is told."""
