"""Shapes that real accounts have and the simulated company does not make by itself.

Each was found in public bug reports or in recorded replies. `POST /_sandbox/shapes` and the option
`--shape` put them into an account that is being served.
"""

from stripe_sandbox.shapes.names import SHAPES, put

__all__ = ["SHAPES", "put"]
