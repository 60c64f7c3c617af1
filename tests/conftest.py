"""Data and small helpers that several test files share."""

import os
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from skl_sparse_ae._arrays._team import Team

with suppress(ImportError):
    from hypothesis import HealthCheck, settings

    # The same examples in each run; --hypothesis-profile=thorough tries more, others.
    # A machine that is busy must not fail a test.
    patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile(
        "few", patient, max_examples=200, derandomize=True, database=None
    )
    # With the lowest versions of libraries, where "few" has run with the newest.
    settings.register_profile("fewest", settings.get_profile("few"), max_examples=20)
    settings.register_profile("thorough", patient, max_examples=2000)
    settings.load_profile("few")


@pytest.fixture(scope="session")
def digits():
    """The 1797 bundled digits with pixels in [0, 1]."""
    return load_digits().data / 16


@pytest.fixture
def rng():
    return np.random.RandomState(0)


@pytest.fixture
def team():
    with Team(2) as team:
        yield team


@pytest.fixture(scope="session")
def data_folder():
    """The folder of data sets that are too large to ship, where there is one."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("SKL_SPARSE_AE_DATA", beside))
    if not folder.is_dir():
        pytest.skip("needs the data sets that SKL_SPARSE_AE_DATA points to")
    return folder
