"""How a company's account is opened to the service, and how that ends."""
