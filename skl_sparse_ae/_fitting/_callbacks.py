"""Calls of scikit-learn's callbacks during a fit."""


class FitCallbacks:
    """Run scikit-learn's callbacks, with one task for each iteration of a fit.

    Parameters
    ----------
    context : sklearn.callback.CallbackContext
        Context of the whole fit.
    call : dict
        Keyword arguments of every call: estimator, X, y and metadata.
    """

    def __init__(self, context, call):
        self._context = context
        self._call = call
        self._task = None
        #: Function that returns the fitted attributes for a parameter vector.
        self.attributes = None

    def begin(self, theta):
        """Begin a task unless one is open; `theta()` returns the parameters."""
        if self._task is not None:
            return
        self._task = self._context.subcontext(task_name="iteration")
        self._task.call_on_fit_task_begin(
            reconstruction_attributes=lambda: self.attributes(theta()), **self._call
        )

    def end(self, theta=None):
        """End the open task, if any; return whether a callback requests to stop."""
        if self._task is None:
            return False
        task, self._task = self._task, None
        attributes = None if theta is None else lambda: self.attributes(theta())
        return task.call_on_fit_task_end(
            reconstruction_attributes=attributes, **self._call
        )
