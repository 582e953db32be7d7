"""A currency code in, the number of decimals of Stripe's integer unit out (M4)."""

_NO_DECIMALS = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv"}
    | {"xaf", "xof", "xpf"}
)
_THREE_DECIMALS = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))


def currency_exponent(currency: str) -> int:
    """Decimals of the currency's integer unit in Stripe's API (M4).

    ISK and UGX have none in the world, yet two in Stripe.
    """
    code = currency.lower()
    if code in _NO_DECIMALS:
        return 0
    return 3 if code in _THREE_DECIMALS else 2
