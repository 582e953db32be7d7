"""The service that a team lives in: connections to Stripe, people, and an API for applications.

It stands above the connector and the app and uses their public parts; nobody imports it.
"""
