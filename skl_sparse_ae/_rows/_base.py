"""The base class of all kinds of rows."""

from abc import ABC, abstractmethod
from functools import cached_property

import numpy as np

from ._missing import View
from ._spectrum import Spectrum

#: Of rows that the encoder sees as they are.
PLAIN = View()


class Rows(ABC):
    """Rows of X with their weights, in the place where they are stored.

    A new kind of rows is a subclass with all abstract methods and a `kind` of its own,
    a branch of `check_rows` that returns it, and an entry for its `kind` in each
    registry in `_objective`.

    Parameters
    ----------
    X : {ndarray, CSR array, DeviceArray, dask.array.Array} of shape \
            (n_samples, n_features)
        Checked: two-dimensional, of dtype float32 or float64, and finite but for
        missing entries.
    sample_weight : ndarray or dask.array.Array of shape (n_samples,), default=None
        Not negative, at most one. None stands for equal weights.
    to_caller : callable, default=None
        Moves a NumPy array to the library and device of the array that was passed by
        the caller. None leaves arrays unchanged.
    view : View, default=View()
        What the encoder sees of the rows, which may have missing entries.

    Attributes
    ----------
    X, sample_weight, view
        The parameters.
    """

    #: Key of the registries in `_objective`, such as `OBJECTIVES`.
    kind = None
    #: Whether the rows can be drawn in mini-batches, by `batches`.
    has_mini_batches = True

    def __init__(self, X, sample_weight=None, to_caller=None, view=PLAIN):
        self.X = X
        self.sample_weight = sample_weight
        self._to_caller = to_caller
        self.view = view
        #: The fitted attributes that describe the columns of X, where `fit` checks it.
        self.columns = {}
        # The number of distinct rows that were found, and how many were enough.
        self._distinct = 0, 0

    @property
    def shape(self):
        """The shape of X, a tuple."""
        return self.X.shape

    @property
    def dtype(self):
        """The dtype of X, a numpy.dtype."""
        return self.X.dtype

    def to_caller(self, value):
        """Move a NumPy array to the caller's library and device.

        Parameters
        ----------
        value : ndarray

        Returns
        -------
        value : array
        """
        return value if self._to_caller is None else self._to_caller(value)

    def _replace(self, X, sample_weight):
        """Return rows of the same kind with other values and weights."""
        return type(self)(X, sample_weight, self._to_caller, self.view)

    @cached_property
    def inputs(self):
        """X as the encoder sees it, without missing entries; X itself where it can be.

        Moments, samples and distinct rows are those of this array.
        """
        return self.X if self.view.is_plain else self._seen(self.view)

    @property
    def complete(self):
        """X with `fill` in place of missing entries."""
        return self.X if self.fill is None else self._seen(View(self.fill))

    @property
    def fill(self):
        """What the encoder sees in place of missing entries; None without any."""
        return self.view.fill

    def with_view(self, **changes):
        """Return the same rows with another part of the view, such as `fill`."""
        rows = self._replace(self.X, self.sample_weight)
        rows.columns, rows.view = self.columns, self.view._replace(**changes)
        return rows

    def replaced_by(self, X):
        """Return complete rows with other values, which the encoder sees as they are.

        But for the function of the view.
        """
        rows = self._replace(X, self.sample_weight)
        rows.columns, rows.view = self.columns, View(function=self.view.function)
        return rows

    def refilled(self):
        """Return the rows with their own column means in place of missing entries."""
        if self.fill is None:
            return self
        means = self.observed_means().or_else(self.fill)
        return self.with_view(fill=means, improve=None)

    @abstractmethod
    def has_missing(self):
        """Whether an entry of X is missing.

        Returns
        -------
        has_missing : bool
        """

    @abstractmethod
    def observed_means(self):
        """Return the weighted means of the observed entries of each column.

        Returns
        -------
        means : ObservedMeans
        """

    @cached_property
    def observed_fraction(self):
        """The weighted fraction of the entries that are observed, a float."""
        if self.fill is None:
            return 1.0
        total = self.shape[0]
        if self.sample_weight is not None:
            total = np.sum(self.sample_weight, dtype=np.float64)
        return float(np.mean(self.observed_means().weight) / total)

    @abstractmethod
    def _seen(self, view):
        """Return X as an encoder with this `View` sees it."""

    @abstractmethod
    def column_means(self, function):
        """Return the weighted mean of a function of the entries of `complete`.

        Parameters
        ----------
        function : callable
            Acts on each entry of an array by itself; zero remains zero.

        Returns
        -------
        means : ndarray of shape (n_features,)
            In float64.
        """

    @abstractmethod
    def team(self):
        """Return the threads that work on the rows.

        Returns
        -------
        team : Team
            To be used as a context manager.
        """

    @abstractmethod
    def of_positive_weight(self):
        """Return the rows without those of weight zero, if it is cheap to remove them.

        Returns
        -------
        rows : Rows
        """

    @abstractmethod
    def hold_out(self, fraction, rng):
        """Split the rows at random into rows to train on and rows to validate on.

        Parameters
        ----------
        fraction : float
            The part of the rows to validate on.
        rng : numpy.random.RandomState

        Returns
        -------
        train, validation : Rows
        """

    @abstractmethod
    def moments(self):
        """Return the weighted mean of each column and the sum of their variances.

        Returns
        -------
        mean : ndarray of shape (n_features,)
            In float64.
        variance : float
        """

    @abstractmethod
    def limits(self):
        """Return the smallest and the largest value of each column of `complete`.

        Returns
        -------
        limits : ndarray of shape (2, n_features)
            Over the rows of positive weight.
        """

    def n_distinct(self, enough):
        """Count the distinct rows, up to a number; once, where that tells.

        Parameters
        ----------
        enough : int
            Where there are as many, their exact number does not matter.

        Returns
        -------
        n_distinct : int
            At least one.
        """
        found, were_enough = self._distinct
        # Fewer than were enough are all that there are.
        if found == were_enough < enough:
            found = self._find_distinct(enough)
            self._distinct = found, enough
        return min(found, enough)

    @abstractmethod
    def _find_distinct(self, enough):
        """Count the distinct rows, up to a number."""

    @abstractmethod
    def sample(self, size):
        """Return a random sample of the rows, the same one in each call.

        Parameters
        ----------
        size : int
            Maximum number of rows.

        Returns
        -------
        X : ndarray or CSR array of shape (n_sampled, n_features)
        sample_weight : ndarray of shape (n_sampled,) or None
        fraction : float
            Number of sampled rows divided by the number of those that could be sampled:
            all, or those of positive weight if `of_positive_weight` keeps the others.
        """

    def spectrum(self, size):
        """Return the `Spectrum` of such a sample; that of all rows is computed once.

        Parameters
        ----------
        size : int
            Maximum number of rows.

        Returns
        -------
        spectrum : Spectrum
        """
        if self.shape[0] <= size:
            return self._whole_spectrum
        return Spectrum(*self.sample(size))

    @cached_property
    def _whole_spectrum(self):
        return Spectrum(*self.sample(self.shape[0]))

    @abstractmethod
    def corrupted(self, corrupt, rng):
        """Return a corrupted copy of X.

        Parameters
        ----------
        corrupt : callable
            ``corrupt(X, rng)`` returns a corrupted copy of some rows.
        rng : numpy.random.RandomState

        Returns
        -------
        inputs : array like X
        """

    @abstractmethod
    def to_device(self, arrays):
        """Move parameters to the device of the rows.

        Parameters
        ----------
        arrays : ndarray or named tuple of ndarray
            A vector of parameters, or the parameters as arrays.

        Returns
        -------
        arrays : array or named tuple of array
        """

    @abstractmethod
    def apply(self, step, n_columns, as_csr=False):
        """Apply an encoder or a decoder to the rows.

        Parameters
        ----------
        step : callable
            ``step(X, out)`` writes the results for some rows to `out` and returns it.
        n_columns : int
            Number of columns of the results.
        as_csr : bool, default=False
            Whether to return a CSR array.

        Returns
        -------
        results : array or CSR array of shape (n_samples, n_columns)
            In the caller's library; a CSR array is SciPy's.
        """

    def batches(self, size, rng, corrupt=None, mean=None):
        """Return mini-batches of shuffled rows. Required if `has_mini_batches`.

        Parameters
        ----------
        size : int
            Maximum number of rows of a mini-batch.
        rng : numpy.random.RandomState
        corrupt : callable, default=None
            ``corrupt(X, rng)`` returns a corrupted copy of some rows.
        mean : ndarray of shape (n_features,), default=None
            Subtracted from the encoder's inputs.

        Returns
        -------
        batches : iterable of Batch
            Each iteration is one epoch.
        """
        raise NotImplementedError(f"{type(self).__name__} has no mini-batches")

    def astype(self, dtype):
        """Return the rows in another precision. Required if `has_mini_batches`.

        Parameters
        ----------
        dtype : dtype

        Returns
        -------
        rows : Rows
            With the same weights.
        """
        raise NotImplementedError(f"{type(self).__name__} has no mini-batches")
