"""What to read: each stream's plan, its windows, its changes, its position. Knows no CDK."""
