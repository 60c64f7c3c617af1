"""What happens between two iterations of a fit: all that is not optimisation."""

import numpy as np


class Monitor:
    """Loss curve, printed lines, scikit-learn's callbacks, early stopping.

    Parameters
    ----------
    verbose : int
        0 is silent; n prints every n-th iteration.
    callbacks : FitCallbacks
    validation : Validation or None
    """

    def __init__(self, verbose, callbacks, validation):
        self._verbose = verbose
        self._callbacks = callbacks
        self._validation = validation
        self._to_theta = lambda point: point
        self._value_unit = 1.0
        self._terms = lambda: None
        self.loss_curve = []
        self.loss_terms = []

    def translating(self, to_theta, terms, value_unit=1.0):
        """Say what the solver's points are as parameters and its values as J.

        `terms` returns the terms of the value with which an iteration has ended.
        """
        self._to_theta, self._terms = to_theta, terms
        self._value_unit = value_unit
        return self

    def begin(self, point):
        """An iteration begins at `point`."""
        self._callbacks.begin(lambda: self._to_theta(point))

    def end(self, point, value):
        """An iteration has ended at `point`; whether to stop."""
        self.loss_curve.append(float(value * self._value_unit))
        self.loss_terms.append(self._terms())
        report(self._verbose, len(self.loss_curve), self.loss_curve[-1])
        stop = self._callbacks.end(lambda: self._to_theta(point))
        if self._validation is not None:
            stop |= self._validation.add(self._to_theta(point))
        return stop


def report(verbose, n_iter, value):
    """Print one line, at every `verbose`-th iteration."""
    if verbose and n_iter % verbose == 0:
        print(f"Iteration {n_iter}, J = {value:.6g}", flush=True)


class FitCallbacks:
    """scikit-learn's callbacks, one task for each iteration of a fit.

    Parameters
    ----------
    context : sklearn.callback.CallbackContext
        Of the whole fit.
    call : dict
        What every call receives: estimator, X, y and metadata.
    """

    def __init__(self, context, call):
        self._context = context
        self._call = call
        self._task = None
        #: Gives the fitted attributes that belong to a parameter vector.
        self.attributes = None

    def begin(self, theta):
        """Begin a task, unless one is open; `theta` returns the parameters."""
        if self._task is not None:
            return
        self._task = self._context.subcontext(task_name="iteration")
        self._task.call_on_fit_task_begin(
            reconstruction_attributes=lambda: self.attributes(theta()), **self._call
        )

    def end(self, theta=None):
        """End the task, if one was begun; whether a callback asks to stop."""
        if self._task is None:
            return False
        task, self._task = self._task, None
        attributes = None if theta is None else lambda: self.attributes(theta())
        return task.call_on_fit_task_end(
            reconstruction_attributes=attributes, **self._call
        )


class Validation:
    """Early stopping: the best parameters on rows that were held out.

    Parameters
    ----------
    score : callable
        Score of a parameter vector on the held-out rows; larger is better.
    tol : float
        What counts as an improvement.
    n_iter_no_change : int
        Iterations without an improvement after which to stop.
    """

    def __init__(self, score, tol, n_iter_no_change):
        self._score = score
        self._tol = tol
        self._patience = n_iter_no_change
        self._target = -np.inf
        self._n_without = 0
        self.best_score = -np.inf
        self.best_theta = None
        self.scores = []

    def add(self, theta):
        """Score the parameters of an iteration; whether to stop."""
        score = self._score(theta)
        self.scores.append(score)
        if score > self.best_score:
            self.best_score, self.best_theta = score, theta.copy()
        self._n_without += 1
        if score > self._target:
            self._target, self._n_without = score + self._tol, 0
        return self._n_without >= self._patience
