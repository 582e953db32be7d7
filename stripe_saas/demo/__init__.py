"""`stripe-saas demo`: the connector reads the sandbox as a client would, and is compared with it.

Both run as processes of their own; this package knows them by their command lines, their output
and the sandbox's control routes only.
"""
