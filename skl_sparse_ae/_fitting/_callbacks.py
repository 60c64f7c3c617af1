"""scikit-learn's callbacks in a fit."""


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
