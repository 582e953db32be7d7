"""What an Airbyte image starts."""

from source_stripe_saas.__main__ import main

if __name__ == "__main__":
    main()
