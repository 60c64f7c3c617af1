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
