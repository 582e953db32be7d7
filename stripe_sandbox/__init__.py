"""A Stripe stand-in: a simulated SaaS company behind a server that answers as Stripe does.

It imports nothing of the connector, nor the connector anything of it, so that neither can borrow
the other's idea of what is right.
"""
