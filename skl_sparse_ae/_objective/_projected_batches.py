"""J of mini-batches as a function of the encoder alone.

The decoder is the best one for the codes of the latest rows: a ridge regression on
running means of ``A^T A`` and ``A^T X``, as in online dictionary learning [1]_.

.. [1] J. Mairal, F. Bach, J. Ponce, G. Sapiro, "Online Learning for Matrix
   Factorization and Sparse Coding", JMLR 11, 2010.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse

from .._arrays._array_api import namespace
from .._network._parameters import Parameters
from ._decoder import Moments, Solution
from ._projected import ProjectedObjective, can_project
from ._row_passes import PassesInMemory

# Part of the work of the products with a mini-batch that the decoder's solution may
# take on average. An entry takes twice the time, in double precision.
SOLUTION_SHARE, SOLUTION_WORK = 0.4, 2
# Largest number of the decoder's weights, for an array, for CSR and for an array on a
# device. A step goes through arrays of their size in double precision, which on sparse
# rows of many columns would take most of its time, and which a device has to move.
MAX_WEIGHTS, MAX_WEIGHTS_OF_CSR, MAX_WEIGHTS_ON_DEVICE = 2_500_000, 1_000_000, 250_000
# The Gram matrix of the codes of so many units has 80 MB.
MAX_UNITS = 3_200


def can_project_batches(rows, network):
    """Whether the best decoder for the latest mini-batches can be computed."""
    if not rows.has_mini_batches:
        return False
    most = MAX_WEIGHTS_OF_CSR if sparse.issparse(rows.X) else MAX_WEIGHTS
    if rows.kind == "device":
        most = MAX_WEIGHTS_ON_DEVICE
    penalty = network.penalty
    return (
        can_project(network)
        and np.prod(network.layout.shape) <= most
        and network.layout.n_components <= MAX_UNITS
        and not (penalty.selects or penalty.selects_jointly)
        and not penalty.learns_thresholds
    )


class RowMeans(NamedTuple):
    """Weighted means over rows that determine the best decoder and its error.

    ``code`` and ``row`` are the mean code and the mean of the rows less `mean` of the
    objective, ``gram`` and ``cross`` those of the products of codes with codes and with
    rows, ``square`` that of the squared norms of the rows.
    """

    code: np.ndarray
    row: np.ndarray
    gram: np.ndarray
    cross: np.ndarray
    square: float

    @classmethod
    def of(cls, sums):
        """From `EncodedSums`, of which arrays are overwritten."""
        arrays = sums.code, sums.row, sums.gram, sums.cross
        for array in arrays:
            array /= sums.weight
        return cls(*arrays, sums.square / sums.weight)

    def blend(self, others, share):
        """Move towards other means by a part of the difference.

        Arrays are changed in place, and those of the others are overwritten.
        """
        square = self.square + share * (others.square - self.square)
        for mean, other in zip(self[:4], others[:4], strict=True):
            other -= mean
            other *= share
            mean += other
        return self._replace(square=square)

    def leading_to(self, components, row, decay):
        """Return means with which a decoder is the best one.

        Parameters
        ----------
        components : ndarray of shape (n_components, n_features)
            Its weights.
        row : ndarray of shape (n_features,)
            To which it maps the mean code.
        decay : float
            Of its weights.
        """
        cross = self.gram @ components + decay * components
        cross += np.outer(self.code, row - self.code @ components)
        return self._replace(row=row, cross=np.asfortranarray(cross))

    def moments(self, dtype):
        """Return the `Moments` of rows of a dtype."""
        return Moments.of_means(*self, dtype)

    def error(self, components, gram, centre):
        """Return half the mean squared error of reconstructions of the rows.

        Parameters
        ----------
        components, gram : ndarray
            As in `Decoder`.
        centre : RowMeans
            The decoder maps its `code` to its `row`.
        """
        intercept = centre.row - centre.code @ components
        return 0.5 * float(
            np.vdot(gram, self.gram)
            + 2 * (components @ intercept) @ self.code
            + intercept @ intercept
            - 2 * np.vdot(components.T, self.cross.T)
            - 2 * intercept @ self.row
            + self.square
        )


class ProjectedBatches(ProjectedObjective):
    """J and its gradient on mini-batches, at any encoder.

    A value is that of the encoder with the decoder of earlier mini-batches, which has
    not seen the rows; the gradient is that with the decoder of all until now.

    Parameters
    ----------
    passes : type
        Of the two passes over a mini-batch, such as `PassesInMemory`.
    row_work : float
        Multiply-adds of a product of a row with the weights of a unit, on average.
    network : Network
        One for which `can_project_batches` holds.
    alpha : float, (float, float) or Decay
    mean : ndarray of shape (n_features,)
        Of all rows.
    dtype : numpy.dtype
        Of the rows.
    team : Team
    blend_means : callable
        As for `Objective`.
    counts_active : bool

    Attributes
    ----------
    means : RowMeans
    n_rows : float
        Sum of the weights of a mini-batch as a number of rows of mean weight.
    solve_after, n_unsolved : float
        Number of rows after which the decoder is computed, and of those since it was.
    window : float
        Number of rows that the means are taken over; to be set before training.
    """

    #: The decoder's decay changes slowly from one mini-batch to the next.
    max_solves = 1

    def __init__(
        self,
        passes,
        row_work,
        network,
        alpha,
        mean,
        dtype,
        *,
        team,
        blend_means,
        counts_active,
    ):
        super().__init__(network, alpha, None, mean, 0.0, dtype)
        self._make_passes, self._team, self._counts_active = passes, team, counts_active
        self._blend_means = blend_means
        n_features, n_components = network.layout.shape
        # Multiply-adds of a solution, and of the products with a row if errors are not
        # formed.
        work = n_components**2 * (n_components / 6 + 2 * n_features)
        of_a_row = 2 * n_components * (2 * row_work + n_components)
        self.solve_after = SOLUTION_WORK * work / (SOLUTION_SHARE * of_a_row)
        self.n_unsolved = 0.0

    def begin(self, parameters, rows, means=None, is_new=True):
        """Set the means and the decoder to begin with.

        Parameters
        ----------
        parameters : Parameters
            With intercepts of the encoder for centred rows.
        rows : Rows
            Of which a sample decides, without `means`.
        means : RowMeans, default=None
            Those of earlier training.
        is_new : bool, default=True
            Whether the decoder is computed; otherwise it is kept, and the means are as
            if earlier rows had led to it.
        """
        components = parameters.components.astype(np.float64)
        self.means, self._solution = means, Solution.of(components)
        self._n_seen = self.window
        if means is None:
            X, sample_weight, _ = rows.sample(int(self.window))  # in memory
            passes = self._passes_over(PassesInMemory, X, sample_weight)
            sums = passes.encode(parameters)
            self.unit_means = sums.phi / sums.weight
            self.means = RowMeans.of(sums)
        if means is None and is_new:
            self._n_seen = X.shape[0]
            super()._solve(self.means.moments(self._dtype))
            return
        self._gram = components @ components.T
        if means is None:
            row = parameters.decoder_intercept - self._mean
            row = row + self.means.code @ components
            self.means = self.means.leading_to(components, row, self._decoder_decay)

    def use_rows(
        self, X, sample_weight=None, total_weight=None, inputs=None, load=None
    ):
        """Set the rows; parameters are those of `Objective.use_rows`."""
        if load is not None:
            load(slice(None))
        inputs = None if inputs is X else inputs
        self._passes = self._passes_over(self._make_passes, X, sample_weight, inputs)
        weight = X.shape[0] if sample_weight is None else np.sum(sample_weight)
        self._given_weight = float(weight if total_weight is None else total_weight)
        self.n_rows = X.shape[0] * float(weight) / self._given_weight

    def value_and_grad(self, theta, out=None):
        """J of the rows, and its gradient with respect to the encoder.

        Parameters
        ----------
        theta : ndarray of shape (n_parameters,)
            Weights and intercepts of the encoder, for centred rows.
        out : ndarray of shape (n_parameters,), default=None
            Array for the gradient. None stands for a new one.

        Returns
        -------
        value : float
        gradient : ndarray of shape (n_parameters,)
        """
        encoder = self._encoder(theta)
        value, *gradients = super().value_and_grad(
            encoder.encoder_coef, encoder.encoder_intercept
        )
        out = namespace(theta).empty_like(theta) if out is None else out
        for part, gradient in zip(self._encoder(out)[:2], gradients, strict=True):
            part[...] = gradient
        return value, out

    def full_vector(self, theta):
        """Return the vector of all parameters for rows that are not centred."""
        encoder = self._encoder(theta)
        parameters = self.parameters(encoder.encoder_coef, encoder.encoder_intercept)
        return self.network.layout.flatten(parameters, self._dtype)

    def _passes_over(self, make, X, sample_weight, inputs=None):
        """Return the passes over some rows."""
        return make(
            self.network,
            X,
            inputs,
            sample_weight,
            self._mean,
            team=self._team,
            memory_budget=np.inf,
            counts_active=self._counts_active,
            sums_rows=True,
        )

    def _encoder(self, theta):
        """Return the encoder's arrays in a vector, as views, without a decoder."""
        n_features, n_components = self.network.layout.shape
        n_weights = n_features * n_components
        coef = namespace(theta).reshape(theta[:n_weights], (n_features, n_components))
        return Parameters(coef, theta[n_weights:], None, None)

    def _encode(self, encoder, is_solved):
        """Encode the rows; return the running means with these."""
        sums = self._encoded_sums(encoder, is_solved)
        self.unit_means = self._blend_means(sums.phi / sums.weight, self.n_rows)
        means = RowMeans.of(sums)
        # Before the decoder has seen the rows.
        self._error = means.error(self._solution.components, self._gram, self.means)
        self._error *= sums.weight / self._given_weight
        self._total_weight = self._given_weight
        self._n_seen += self.n_rows
        share = min(1.0, self.n_rows / min(self._n_seen, self.window))
        # No mini-batch more than doubles the mean square of the rows, or one row far
        # out would decide on the decoder for long.
        if means.square > self.means.square > 0:
            share = min(share, self.means.square / means.square)
        self.means = self.means.blend(means, share)
        return self.means

    def _solve(self, means):
        self.n_unsolved += self.n_rows
        if self.n_unsolved >= self.solve_after:
            error, self.n_unsolved = self._error, 0.0
            super()._solve(means.moments(self._dtype))
            self._error = error
