"""scikit-learn's callbacks and progress bars."""

import pytest
from numpy.testing import assert_allclose
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from .short_fits import make_short, short

callback = pytest.importorskip("sklearn.callback", reason="needs scikit-learn 1.9")


class Recorder:
    """A callback that scores each iteration and stops after `stop_after` of them."""

    def __init__(self, stop_after=None):
        self.stop_after = stop_after
        self.n_begun = 0
        self.scores = []

    def setup(self, estimator, context):
        self.max_subtasks = context.max_subtasks

    def teardown(self, estimator, context):
        self.is_done = True

    def on_fit_task_begin(self, estimator, context):
        self.n_begun += context.task_name == "iteration"

    def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
        if context.task_name != "iteration":
            return False
        # None where the line search failed and the iteration has no result.
        if fitted_estimator is not None:
            self.scores.append(fitted_estimator.score(X))
        return len(self.scores) == self.stop_after


@short
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_callbacks_see_a_usable_estimator_at_each_iteration(solver, X):
    recorder = Recorder()
    autoencoder = make_short(solver=solver, max_iter=10, tol=0)
    autoencoder.set_callbacks(recorder).fit(X)
    assert recorder.n_begun == len(recorder.scores) == recorder.max_subtasks == 10
    assert_allclose(recorder.scores[-1], autoencoder.score(X), rtol=1e-6)
    assert recorder.scores[-1] > recorder.scores[0]
    assert recorder.is_done


@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_a_callback_can_stop_the_fit(solver, X):
    recorder = Recorder(stop_after=3)
    autoencoder = make_short(solver=solver, max_iter=100).set_callbacks(recorder).fit(X)
    assert autoencoder.n_iter_ == 3
    assert_allclose(autoencoder.score(X), recorder.scores[-1], rtol=1e-6)


@short
@pytest.mark.filterwarnings("ignore:.*MinMaxScaler does not support callbacks")
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
@pytest.mark.parametrize("inside", ["alone", "pipeline", "search"])
def test_progress_bars_show_the_iterations(solver, inside, X, capsys):
    pytest.importorskip("rich")
    autoencoder = make_short(solver=solver)
    if inside == "pipeline":
        autoencoder = make_pipeline(MinMaxScaler(), autoencoder)
    elif inside == "search":
        autoencoder = GridSearchCV(autoencoder, {"rho": [0.1, 0.2]}, cv=2)
    autoencoder.set_callbacks(callback.ProgressBar(max_propagation_depth=None))
    autoencoder.fit(X)
    out = capsys.readouterr().out
    assert "SparseAutoencoder" in out
    assert "100%" in out


class Interrupt(Recorder):
    def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
        raise KeyboardInterrupt


@short
@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
def test_an_interrupted_fit_changes_nothing(solver, X):
    autoencoder = make_short(solver=solver, early_stopping=True).fit(X)
    before = dict(vars(autoencoder))
    autoencoder.set_callbacks(Interrupt())
    with pytest.raises(KeyboardInterrupt):
        autoencoder.fit(X[:, :5])
    assert vars(autoencoder.set_callbacks()) == before
    assert autoencoder.fit(X).transform(X).shape == (200, 8)
