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


def test_a_fall_of_tol_itself_is_too_small():
    for tol, expected in [(0.25, True), (0.2499, False)]:
        progress = Progress(tol=tol, n_iter=1)
        assert [progress.has_ended(v) for v in (5.0, 4.0)] == [False, expected]


def test_negative_values_are_compared_by_their_size():
    progress = Progress(tol=0.1, n_iter=1)
    assert [progress.has_ended(v) for v in (-9.0, -10.0)] == [False, True]


def test_values_on_the_plateau_are_judged_by_a_hundredth_and_discarded():
    progress = Progress(tol=0.1, n_iter=1)
    on_plateau = [progress.has_ended(v, False) for v in (10.0, 9.9, 9.895)]
    assert on_plateau == [False, False, True]  # the falls are 0.1 and 0.005
    # The first value after it has no predecessor; once passed, it stays passed.
    after = [progress.has_ended(v, True) for v in (9.8, 9.7)]
    assert after == [False, True]
    progress = Progress(tol=0.1, n_iter=2)
    for value in (5.0, 4.0):
        progress.has_ended(value, True)
    assert progress.has_ended(3.99, False) is False  # a fall of 1 from 5
    assert progress.has_ended(3.985, True)  # from 4, which was kept
