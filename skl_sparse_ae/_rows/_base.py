"""What rows can do, wherever they are."""

from abc import ABC, abstractmethod


class Rows(ABC):
    """Rows with their weights, and the way back to the library that they come from.

    Parameters
    ----------
    X : {ndarray, CSR array, DeviceArray, dask.array.Array} of shape \
            (n_samples, n_features)
        Checked: two-dimensional, float32 or float64, finite.
    sample_weight : ndarray or dask.array.Array of shape (n_samples,), default=None
        Not negative, at most one. None stands for equal weights.
    to_caller : callable, default=None
        Moves a NumPy array to the library and device of the array that was passed by
        the caller. None leaves arrays as they are.
    """

    #: Which objective sums over such rows: a key of `_objective.OBJECTIVES`.
    kind = None
    #: Whether rows can be drawn in mini-batches.
    has_mini_batches = True

    def __init__(self, X, sample_weight=None, to_caller=None):
        self.X = X
        self.sample_weight = sample_weight
        self._to_caller = to_caller

    @property
    def shape(self):
        return self.X.shape

    @property
    def dtype(self):
        return self.X.dtype

    def to_caller(self, value):
        """A NumPy array in the caller's library; other values unchanged."""
        return value if self._to_caller is None else self._to_caller(value)

    def _with(self, X, sample_weight):
        """Other rows in the same place."""
        return type(self)(X, sample_weight, self._to_caller)

    @abstractmethod
    def team(self):
        """The threads that work on the rows, a context manager."""

    @abstractmethod
    def of_positive_weight(self):
        """The rows without those of weight zero, where leaving these out is cheap."""

    @abstractmethod
    def hold_out(self, fraction, rng):
        """Split at random into rows to train on and a fraction to validate on.

        Parameters
        ----------
        fraction : float
        rng : numpy.random.RandomState

        Returns
        -------
        train, validation : Rows
        """

    @abstractmethod
    def moments(self):
        """Weighted mean of each column, and the sum of the columns' variances.

        Returns
        -------
        mean : ndarray of shape (n_features,)
            In float64.
        variance : float
        """

    @abstractmethod
    def sample(self, size):
        """A random sample of the rows, always the same one.

        Parameters
        ----------
        size : int
            Number of rows at most.

        Returns
        -------
        X : ndarray or CSR array
        sample_weight : ndarray or None
        fraction : float
            The part of all the rows of positive weight that were drawn.
        """

    @abstractmethod
    def corrupted(self, corrupt, rng):
        """A corrupted copy of X, made by ``corrupt(X, rng)``."""

    @abstractmethod
    def to_device(self, arrays):
        """NumPy's parameter arrays, or a vector of them, on the rows' device."""

    @abstractmethod
    def apply(self, step, n_columns, as_csr=False):
        """The results of an encoder or a decoder, in the caller's library.

        Parameters
        ----------
        step : callable
            ``step(X, out)`` writes the results for some rows to `out`.
        n_columns : int
            Number of columns of the results.
        as_csr : bool, default=False
            Whether to return a CSR array.
        """
