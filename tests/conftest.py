"""Shared by all tests: the shipped catalogue, loaded once."""

from __future__ import annotations

import pytest

from rigopt.catalog import Catalog


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The catalogue that comes with rigopt."""
    return Catalog.load()
