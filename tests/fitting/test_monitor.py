from types import SimpleNamespace

import numpy as np
from numpy.testing import assert_array_equal

from skl_sparse_ae._fitting._early_stopping import Validation
from skl_sparse_ae._fitting._monitor import Monitor
from skl_sparse_ae._penalties import BatchTopK


class Silent:
    """Callbacks that do nothing."""

    def begin(self, theta):
        pass

    def end(self, theta):
        return False


def test_the_loss_curve_is_in_the_units_of_j():
    monitor = Monitor(0, Silent(), None)
    monitor.set_conversion(lambda point: point, lambda: (4.0, 1.0, 0.0), 10.0)
    monitor.end(np.ones(1), 0.5)
    assert monitor.loss_curve == [5.0]
    assert monitor.loss_terms == [(4.0, 1.0, 0.0)]


def test_verbose_prints_every_nth_iteration(capsys):
    monitor = Monitor(2, Silent(), None)
    for value in [4.0, 3.0, 2.0, 1.0]:
        monitor.end(np.ones(1), value)
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["Iteration 2, J = 3", "Iteration 4, J = 1"]


def test_silent_prints_nothing(capsys):
    Monitor(0, Silent(), None).end(np.ones(1), 1.0)
    assert capsys.readouterr().out == ""


def following(score, tol, n_iter_no_change, penalty=None):
    """A validation of given scores."""
    validation = Validation(lambda problem: score, tol, n_iter_no_change)
    network = SimpleNamespace(penalty=penalty or BatchTopK())
    validation.follow(SimpleNamespace(network=network))
    return validation


def run(scores, tol, n_iter_no_change):
    """Number of iterations until validation stops, and the validation."""
    remaining = iter(scores)
    validation = following(lambda theta: next(remaining), tol, n_iter_no_change)
    for i in range(len(scores)):
        if validation.add(np.array([float(i)])):
            return i + 1, validation
    return None, validation


def test_validation_stops_after_iterations_without_improvement():
    n_iter, validation = run([0.1, 0.5, 0.4, 0.45, 0.6], tol=0.0, n_iter_no_change=2)
    assert n_iter == 4
    assert validation.best_score == 0.5
    assert_array_equal(validation.best_theta, [1.0])


def test_an_improvement_below_tol_is_kept_but_does_not_prolong():
    n_iter, validation = run([0.5, 0.505, 0.508], tol=0.01, n_iter_no_change=2)
    assert n_iter == 3
    assert validation.best_score == 0.508


def test_validation_does_not_stop_while_scores_rise():
    assert run(np.linspace(0, 1, 30), tol=0.01, n_iter_no_change=2)[0] is None


def test_validation_receives_parameters_rather_than_points():
    seen = []
    validation = following(lambda theta: seen.append(theta[0]) or 0.0, 0.0, 5)
    monitor = Monitor(0, Silent(), validation)
    monitor.set_conversion(lambda point: 2 * point, lambda: None)
    monitor.end(np.ones(1), 0.5)
    assert seen == [2.0]


def test_validation_waits_until_the_sparsity_is_reached():
    scores = iter([0.9, 0.8, 0.3, 0.7, 0.4, 0.6, 0.2])
    settled = [False, False, True, False, True, True, True]
    validation = following(lambda theta: next(scores), 0.0, 1)
    stops = []
    for i, is_settled in enumerate(settled):
        stops.append(validation.add(np.array([float(i)]), is_settled))
        # The last one as long as none is settled, then the best of the settled ones.
        assert validation.best_theta[0] == [0, 1, 2, 2, 4, 5, 5][i]
    assert stops == [False] * 6 + [True]
    assert validation.best_score == 0.6


def test_validation_keeps_the_state_of_the_penalty():
    penalty = BatchTopK()
    validation = following(lambda theta: -theta[0], 0.0, 5, penalty)
    for i in range(3):
        penalty.threshold_ = 10.0 * i
        validation.add(np.array([float(i)]))
    assert_array_equal(validation.use_best(), [0.0])
    assert penalty.threshold_ == 0.0
