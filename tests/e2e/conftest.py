import pytest
from product import Product


@pytest.fixture
def product(stack):
    return Product(stack)
