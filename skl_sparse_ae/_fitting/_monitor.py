"""Logging, callbacks and early stopping between the iterations of a fit."""


class Monitor:
    """Record the loss curve, print, run callbacks and check early stopping.

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

    def set_conversion(self, to_theta, terms, value_unit=1.0):
        """Set how the solver's points and values convert to parameters and J.

        Parameters
        ----------
        to_theta : callable
            Converts a point of the solver to a parameter vector.
        terms : callable
            Returns the terms of J at the end of the current iteration.
        value_unit : float, default=1.0
            Factor that converts a value of the solver to J.

        Returns
        -------
        self : Monitor
        """
        self._to_theta, self._terms = to_theta, terms
        self._value_unit = value_unit
        return self

    def begin(self, point):
        """Handle the begin of an iteration at `point`."""
        self._callbacks.begin(lambda: self._to_theta(point))

    def end(self, point, value, is_settled=True):
        """Handle the end of an iteration at `point`; return whether to stop.

        `is_settled` is whether the sparsity is the one that was asked for.
        """
        self.loss_curve.append(float(value * self._value_unit))
        self.loss_terms.append(self._terms())
        report(self._verbose, len(self.loss_curve), self.loss_curve[-1])
        stop = self._callbacks.end(lambda: self._to_theta(point))
        if self._validation is not None:
            stop |= self._validation.add(self._to_theta(point), is_settled)
        return stop


def report(verbose, n_iter, value):
    """Print J at every `verbose`-th iteration."""
    if verbose and n_iter % verbose == 0:
        print(f"Iteration {n_iter}, J = {value:.6g}", flush=True)
