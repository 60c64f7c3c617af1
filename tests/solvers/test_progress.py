from skl_sparse_ae._solvers._progress import Progress


def test_progress_has_ended_when_the_mean_fall_is_below_tol():
    progress = Progress(tol=0.1, n_iter=2)
    assert [progress.has_ended(v) for v in (4.0, 3.0, 2.0, 1.9, 1.8)] == [
        False,  # too few values to judge
        False,
        False,
        False,  # from 3.0 to 1.9
        True,  # from 2.0 to 1.8, less than 2 * 0.1 * 1.8
    ]


def test_small_values_are_compared_with_a_tenth_of_the_unit():
    """The falls of 0.004 are a tenth of the values, and 0.01 of a tenth of 4."""
    values = (0.05, 0.046, 0.042)
    for unit, expected in [(0.4, False), (4.0, True)]:
        progress = Progress(tol=0.09, n_iter=2, unit=unit)
        assert [progress.has_ended(v) for v in values][-1] is expected
