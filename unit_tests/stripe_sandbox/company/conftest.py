import pytest

from stripe_sandbox.company import Company, CompanyOptions


@pytest.fixture(scope="session")
def grown() -> Company:
    """A company of some size, at the end of its build; not to be advanced."""
    company = Company(CompanyOptions(seed=2, customers=260, months=18))
    company.build()
    return company
