"""The command line of Airbyte's official Stripe connector, as its image starts it."""

from source_stripe.run import run  # type: ignore[import-not-found]

if __name__ == "__main__":
    run()
