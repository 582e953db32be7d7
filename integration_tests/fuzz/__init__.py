"""Configs, catalogs and states that nobody should send, in great number."""
