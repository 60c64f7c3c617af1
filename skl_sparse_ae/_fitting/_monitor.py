"""What happens between two iterations of a fit: all that is not optimisation."""


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
