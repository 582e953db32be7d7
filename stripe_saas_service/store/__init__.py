"""People, companies, connections, secrets, deliveries: what the service must not lose."""
