"""JSON for applications and agents."""
