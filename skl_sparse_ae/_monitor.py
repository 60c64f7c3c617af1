"""What happens between two iterations of a fit: all that is not optimisation."""

import numpy as np


class Monitor:
    """Loss curve, printed lines, scikit-learn's callbacks, early stopping.

    Parameters
    ----------
    report : callable
        Called with the number of the iteration and the value when verbose.
    callbacks : FitCallbacks or None
    validation : Validation or None
    to_theta : callable
        Turns what the solver works on into a parameter vector.
    to_value : callable
        Turns what the solver minimises into J.
    """

    def __init__(self, *, report, callbacks, validation, to_theta, to_value):
        self._report = report
        self._callbacks = callbacks
        self._validation = validation
        self._to_theta = to_theta
        self._to_value = to_value
        self.loss_curve = []

    def begin(self, point):
        if self._callbacks is not None:
            self._callbacks.begin(lambda: self._to_theta(point))

    def end(self, point, value):
        self.loss_curve.append(float(self._to_value(value)))
        self._report(len(self.loss_curve), self.loss_curve[-1])
        stop = False
        if self._validation is not None:
            stop = self._validation.add(self._to_theta(point))
        if self._callbacks is not None:
            stop |= self._callbacks.end(lambda: self._to_theta(point))
        return stop


class FitCallbacks:
    """scikit-learn's callbacks, one task for each iteration.

    Parameters
    ----------
    context : sklearn.callback.CallbackContext
        Of the whole fit.
    estimator : SparseAutoencoder
    data : dict
        ``X``, ``y`` and ``metadata`` as the callbacks receive them.
    attributes : callable
        Gives the fitted attributes that belong to a parameter vector.
    """

    def __init__(self, context, estimator, data, attributes):
        self._context = context
        self._call = {"estimator": estimator, **data}
        self._attributes = attributes
        self._task = None

    def begin(self, theta):
        self._task = self._context.subcontext(task_name="iteration")
        self._task.call_on_fit_task_begin(
            reconstruction_attributes=lambda: self._attributes(theta()), **self._call
        )

    def end(self, theta):
        task, self._task = self._task, None
        return task.call_on_fit_task_end(
            reconstruction_attributes=lambda: self._attributes(theta()), **self._call
        )

    def close(self):
        """End an iteration that was begun but did not become one."""
        if self._task is not None:
            self._task.call_on_fit_task_end(**self._call)
            self._task = None


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
        self._n_without = 0
        self.best_score = -np.inf
        self.best_theta = None
        self.scores = []

    def add(self, theta):
        """Record an iteration; whether to stop."""
        score = self._score(theta)
        self.scores.append(score)
        self._n_without = 0 if score > self.best_score + self._tol else self._n_without + 1
        if score > self.best_score:
            self.best_score, self.best_theta = score, theta.copy()
        return self._n_without >= self._patience
