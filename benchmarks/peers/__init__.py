"""What the connector is measured beside; the scripts here run in environments of their own."""
