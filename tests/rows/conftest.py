"""What the tests of rows share. Dask is imported only by tests that need it."""

import pytest


@pytest.fixture
def X(rng):
    """Rows that are non-negative mixtures of a few of four parts, and noise."""
    n_rows, n_features = 310, 7
    parts = rng.uniform(size=(4, n_features))
    shares = rng.uniform(size=(n_rows, 4)) * (rng.uniform(size=(n_rows, 4)) < 0.5)
    return shares @ parts + 0.05 * rng.uniform(size=(n_rows, n_features))


@pytest.fixture
def weights(rng):
    """Weights of the rows of X, of which some are zero."""
    n_rows = 310
    return rng.uniform(size=n_rows) * (rng.uniform(size=n_rows) > 0.2)


@pytest.fixture(scope="package")
def cluster():
    """A cluster of two workers with one thread each."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=":0",
        memory_limit=None,
        silence_logs="CRITICAL",
    ) as cluster:
        yield cluster


@pytest.fixture
def client(cluster):
    """A client of two workers, the default while a test runs."""
    distributed = pytest.importorskip("distributed")
    cluster.wait_for_workers(2)
    with distributed.Client(cluster) as client:
        yield client


@pytest.fixture(params=["threads", "workers"])
def place(request):
    """Where Dask computes: threads of this process, or the workers of a cluster."""
    if request.param == "workers":
        request.getfixturevalue("client")
    return request.param
