"""How fast, how thrifty and how small the connector is, beside others; run by `make bench`."""
