"""Shared by all tests: the shipped catalogue, loaded once."""

from __future__ import annotations

from pathlib import Path

import pytest

from rigopt.catalog import Catalog
from tests.small import write_small_catalog


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The catalogue that comes with rigopt."""
    return Catalog.load()


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a catalogue of a few parts."""
    return write_small_catalog(tmp_path_factory.mktemp("small") / "catalogs")


@pytest.fixture(scope="session")
def small(small_folder: Path) -> Catalog:
    """A catalogue of a few parts, whose questions are answered in milliseconds."""
    return Catalog.load(small_folder)
