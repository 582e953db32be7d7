"""The stream `subscription_events`, read by the connector from a simulated company."""
