"""L-BFGS: minimisation with all rows at once.

SciPy's implementation keeps its vectors in double precision and walks through them with
one thread, which on wide tables takes several times as long as J and its gradient. This
one works in the precision of the rows, on their device, with the team's threads.
"""

from math import isfinite, sqrt

import numpy as np
from scipy.linalg.lapack import dtrtrs

from .._arrays._array_api import into, namespace, to_numpy, zeros
from .._arrays._blocks import vector_shares
from .._arrays._device_array import beside
from ._line_search import line_search
from ._progress import Diverged, Outcome, Progress

# Steps that are remembered.
N_PAIRS = 10


# Elements of a vector whose pairs stay in a cache from one product to the next.
PIECE = 2**17


# What a pass over all the pairs costs for one parameter, in multiply-adds of a product.
PASS_WORK = 256


def minimize_lbfgs(
    value_and_grad,
    start,
    *,
    team,
    max_iter,
    tol,
    n_iter_no_change,
    precision,
    has_left_start,
    monitor,
):
    """Minimise by L-BFGS.

    Parameters
    ----------
    value_and_grad : callable
        Called with a point and an array for the gradient; returns the value.
    start : array
        Its precision is that of the search.
    team : Team
    max_iter : int
    tol : float
        The search ends when the value falls by less than this fraction of itself per
        iteration, over `n_iter_no_change` iterations.
    n_iter_no_change : int
    precision : float
        Precision of the values, which are of order one: a smaller fall ends the search
        at once.
    has_left_start : callable
        Whether the search has got away from where it began. Before, the value may
        hardly fall for a while, and only a hundredth of `tol` ends the search.
    monitor : object
        See `_progress`.
    """
    progress = Progress(tol, n_iter_no_change)
    search = _Search(value_and_grad, start, team)
    for n_iter in range(max_iter):
        monitor.begin(search.now.x)
        last = search.now.value
        if not search.iterate():
            reason = "rounding hides any lower value"
            return Outcome(search.now.x, n_iter, True, reason)
        point, value = search.now.x, search.now.value
        if monitor.end(point, value):
            return Outcome(point, n_iter + 1, True, "stopped by a callback")
        if last - value <= precision * max(abs(last), 1):
            return Outcome(point, n_iter + 1, True, "rounding hides any further fall")
        if progress.has_ended(value, has_left_start()):
            return Outcome(point, n_iter + 1, True, "the objective no longer falls")
    return Outcome(point, n_iter + 1, False, "max_iter iterations reached")


class _Point:
    """A point, with the value and the gradient there."""

    def __init__(self, x):
        self.x = x
        self.gradient = namespace(x).empty_like(x)
        self.value = np.inf


class _Search:
    """Goes from one point to the next lower one."""

    def __init__(self, value_and_grad, start, team):
        empty_like = namespace(start).empty_like
        self._value_and_grad = value_and_grad
        self._team = team
        self._hessian = InverseHessian(start, team)
        self._shares = shares(start, team)
        self._direction = empty_like(start)
        self._n_done = 0
        self._last, self.now = _Point(empty_like(start)), _Point(empty_like(start))
        self.now.x[...] = start
        self._evaluate(self.now)
        self._last.value = self.now.value  # nothing has been tried
        if not (isfinite(self.now.value) and isfinite(self._squared_norm())):
            raise self._diverged(self.now)

    def iterate(self):
        """Go on to a lower point; False where there is none."""
        for begin in (self._quasi_newton, self._steepest_descent):
            slope = begin()
            if not slope < 0:
                continue
            step = line_search(self._try, self.now.value, slope)
            if step is None:
                continue
            if step != self._tried:
                self._try(step)
            self._last, self.now = self.now, self._last
            self._n_done += 1
            return True
        if not isfinite(self._last.value):
            raise self._diverged(self._last)
        return False

    def _quasi_newton(self):
        """Set the direction in which the minimum should lie; its slope."""
        if self._n_done == 0:
            return 0.0
        return self._hessian.direction(self._last, self.now, out=self._direction)

    def _steepest_descent(self):
        """Set the direction of the gradient, of length one at most; its slope."""
        self._hessian.forget()
        square = self._squared_norm()
        factor = 1.0 / max(1.0, sqrt(square))
        into(self._direction, "multiply", self.now.gradient, -factor)
        return -factor * square

    def _try(self, step):
        """Value and slope after a step in the direction."""
        now, trial, direction = self.now, self._last, self._direction
        self._tried = step

        def move(share):
            for piece in share:
                x = trial.x[piece]
                into(x, "multiply", direction[piece], step)
                x += now.x[piece]

        self._team.map(move, self._shares)
        self._evaluate(trial)
        return trial.value, self._dot(trial.gradient, direction)

    def _evaluate(self, point):
        point.value = self._value_and_grad(point.x, point.gradient)

    def _squared_norm(self):
        return self._dot(self.now.gradient, self.now.gradient)

    def _dot(self, a, b):
        def add_up(share):
            return sum(float(a[piece] @ b[piece]) for piece in share)

        return sum(self._team.map(add_up, self._shares))

    def _diverged(self, point):
        what = "gradient" if isfinite(point.value) else "objective"
        return Diverged(f"the {what} is not finite in iteration {self._n_done + 1}")


class InverseHessian:
    """What the last steps tell about the inverse of the Hessian matrix.

    In the compact form of L-BFGS [1]_, theorem 2.2: with the steps as columns of S, the
    changes of the gradient along them as those of Y, R the upper triangle of S'Y, D its
    diagonal and c = s'y / y'y of the last pair,

        H g = c g + S v - c Y u,  R u = S'g,  R'v = (D + c Y'Y) u - c Y'g.

    It takes two passes over the pairs, one for the products with y and g, one for the
    sum.

    Parameters
    ----------
    point : array
        What the vectors are like.
    team : Team

    References
    ----------
    .. [1] R. H. Byrd, J. Nocedal, R. B. Schnabel, "Representations of quasi-Newton
       matrices and their use in limited memory methods", Mathematical Programming 63,
       1994.
    """

    def __init__(self, point, team):
        self._team = team
        self._shares = shares(point, team)
        # Steps in the even rows, changes of the gradient in the odd ones. Zeros take no
        # memory until something is written over them.
        self._vectors = zeros((2 * N_PAIRS, point.shape[0]), point)
        self._sy = np.zeros((N_PAIRS, N_PAIRS))
        self._yy = np.zeros((N_PAIRS, N_PAIRS))
        self.forget()

    def forget(self):
        """Begin anew."""
        self._n_used = 0
        self._next = 0
        self._order = []  # of the pairs, from the oldest to the newest

    def direction(self, old, new, out):
        """Remember the step between two points, and write ``-H g`` at the new one.

        Returns the slope in that direction.
        """
        products = self._add_pair(old, new)
        factor, weights = self._weights(products)
        weights = beside(weights, self._vectors)
        vectors, gradient = self._vectors[: 2 * self._n_used, :], new.gradient

        def combine(share):
            slope = 0.0
            for piece in share:
                d, g = out[piece], gradient[piece]
                into(d, "matmul", weights, vectors[:, piece])
                d -= factor * g
                slope += float(d @ g)
            return slope

        return sum(self._team.map(combine, self._shares))

    def _add_pair(self, old, new):
        """Write a pair over the oldest one; the products of all with the gradient."""
        k, self._next = self._next, (self._next + 1) % N_PAIRS
        self._n_used = max(self._n_used, k + 1)
        vectors = self._vectors[: 2 * self._n_used, :]

        def measure(share):
            sums = np.zeros((2, vectors.shape[0]))
            for piece in share:
                s, y = vectors[2 * k, piece], vectors[2 * k + 1, piece]
                g, part = new.gradient[piece], vectors[:, piece]
                into(s, "subtract", new.x[piece], old.x[piece])
                into(y, "subtract", g, old.gradient[piece])
                sums[0] += to_numpy(part @ y)
                sums[1] += to_numpy(part @ g)
            return sums

        with_y, with_g = sum(self._team.map(measure, self._shares))
        used = slice(self._n_used)
        self._sy[used, k] = with_y[0::2]
        self._yy[used, k] = self._yy[k, used] = with_y[1::2]
        self._order = [i for i in self._order if i != k]
        # Without a curvature that is more than rounding the pair would spoil H.
        if self._sy[k, k] > np.finfo(np.float64).eps * self._yy[k, k]:
            self._order.append(k)
        return with_g

    def _weights(self, products):
        """The factor of -g and those of the vectors in -H g."""
        weights, order = np.zeros_like(products), self._order
        if not order:
            return 1.0, weights
        sy = self._sy[order][:, order]
        yy = self._yy[order][:, order]
        with_s, with_y = products[0::2][order], products[1::2][order]
        factor = float(sy[-1, -1] / yy[-1, -1])  # NumPy's would bring its precision
        u, _ = dtrtrs(sy, with_s)  # reads the upper triangle only
        right = np.diag(sy) * u + factor * (yy @ u - with_y)
        v, _ = dtrtrs(sy, right, trans=1)
        weights[0::2][order] = -v
        weights[1::2][order] = factor * u
        return factor, weights


def shares(point, team):
    """Pieces of a vector for each of the threads that are worth waking."""
    whole = [slice(0, point.shape[0])]
    cut = vector_shares(point, whole, team, PASS_WORK, PIECE)
    return [[piece for _, piece in share] for share in cut]
