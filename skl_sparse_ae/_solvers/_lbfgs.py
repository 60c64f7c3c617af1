"""Full-batch optimisation by L-BFGS.

SciPy's implementation stores its vectors in double precision and processes them in one
thread, which for many parameters takes several times as long as J and its gradient.
This implementation uses the precision and the device of the rows and several threads.
"""

from math import isfinite, sqrt

import numpy as np
from scipy.linalg.lapack import dtrtrs

from .._arrays._array_api import into, namespace, to_numpy, zeros
from .._arrays._blocks import vector_shares
from .._arrays._device_array import as_array_like
from ._line_search import line_search
from ._progress import STOPPED, Diverged, Outcome, Progress

# Number of stored pairs of a step and a gradient change.
N_PAIRS = 10
# Number of elements of a vector such that this part of all pairs fits a cache.
PIECE = 2**17
# Cost of a pass over all pairs for each parameter, in multiply-adds of a product.
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
    is_past_plateau,
    monitor,
    preconditioner=None,
):
    """Minimise by L-BFGS.

    Parameters
    ----------
    value_and_grad : callable
        Called with a point and an array for the gradient, which it overwrites; returns
        the value.
    start : array
        Starting point, not modified. All vectors have its dtype and device.
    team : Team
    max_iter : int
    tol : float
        The search ends when the value falls by less than this fraction of itself per
        iteration, over the last `n_iter_no_change` iterations.
    n_iter_no_change : int
    precision : float
        Precision of the values, which are of order one. A smaller decrease ends the
        search, if it is that of a step of steepest descent. After other steps one is
        tried first: at a kink of J, as rectified units have, the last gradients may
        lead to directions without a decrease although there are others.
    is_past_plateau : callable
        Returns whether the search has left the plateau around its start. On the
        plateau, where the value may decrease slowly for many iterations, a hundredth of
        `tol` is used.
    monitor : object
        See `_progress`.
    preconditioner : object, default=None
        Approximates the inverse Hessian matrix. ``update(point)`` adapts it to a point,
        the last one evaluated, for the first time after `first_update` iterations, 0 or
        2; ``apply(vector)`` multiplies a vector by it, in place.

    Returns
    -------
    outcome : Outcome

    Raises
    ------
    Diverged
    """
    progress = Progress(tol, n_iter_no_change)
    search = _Search(value_and_grad, start, team, preconditioner)
    for n_iter in range(max_iter):
        monitor.begin(search.current.x)
        last = search.current.value
        if not search.iterate():
            if n_iter == 0:  # the start is the result of the first iteration
                n_iter = 1
                search.evaluate()
                monitor.end(search.current.x, search.current.value)
            reason = "rounding hides any lower value"
            return Outcome(search.current.x, n_iter, True, reason)
        point, value = search.current.x, search.current.value
        if monitor.end(point, value):
            return Outcome(point, n_iter + 1, True, STOPPED)
        if last - value <= precision * max(abs(last), 1) and not search.restart():
            return Outcome(point, n_iter + 1, True, "rounding hides any further fall")
        if progress.has_ended(value, is_past_plateau()):
            return Outcome(point, n_iter + 1, True, "the objective no longer falls")
    return Outcome(point, n_iter + 1, False, "max_iter iterations reached")


class _Point:
    """A point with the value and the gradient at it."""

    def __init__(self, x):
        self.x = x
        self.gradient = namespace(x).empty_like(x)
        self.value = np.inf


class _Search:
    """Iterations of L-BFGS.

    `current` is the current point; `_other` is the trial point in a line search, and
    the previous point between iterations.
    """

    def __init__(self, value_and_grad, start, team, preconditioner):
        empty_like = namespace(start).empty_like
        self._value_and_grad = value_and_grad
        self._team = team
        self._hessian = InverseHessian(start, team)
        self._preconditioner, self._next_update = preconditioner, None
        if preconditioner is not None:
            self._next_update = preconditioner.first_update
        self._shares = _vector_shares_for(start, team)
        self._direction = empty_like(start)
        self._n_iter = 0
        self._is_restarting, self._is_steepest = True, False
        self._other, self.current = _Point(empty_like(start)), _Point(empty_like(start))
        self.current.x[...] = start
        self._evaluate(self.current)
        self._other.value = self.current.value  # no trial yet
        if not (isfinite(self.current.value) and isfinite(self._squared_norm())):
            raise self._diverged(self.current)

    def evaluate(self):
        """Evaluate the current point again, after trials at others."""
        self._evaluate(self.current)

    def restart(self):
        """Let the next step be one of steepest descent; False if the last one was."""
        self._is_restarting = not self._is_steepest
        return self._is_restarting

    def iterate(self):
        """Move to a point of lower value; return False if none is found."""
        self._update_preconditioner()
        for set_direction in (self._quasi_newton, self._steepest_descent):
            slope = set_direction()
            if not slope < 0:
                continue
            step = line_search(self._try, self.current.value, slope)
            if step is None:
                continue
            if step != self._last_step:
                self._try(step)
            self._other, self.current = self.current, self._other
            self._n_iter += 1
            self._is_restarting = False
            self._is_steepest = set_direction == self._steepest_descent
            return True
        if not isfinite(self._other.value):
            raise self._diverged(self._other)
        return False

    def _update_preconditioner(self):
        """Compute B when it is due first, and after 2, 8, 32 and so on iterations."""
        if self._n_iter == self._next_update:
            self._preconditioner.update(self.current.x)
            self._hessian.preconditioner = self._preconditioner
            self._next_update = max(2, 4 * self._next_update)

    def _quasi_newton(self):
        """Set the quasi-Newton direction and return its slope."""
        if self._is_restarting:
            return 0.0
        return self._hessian.direction(self._other, self.current, out=self._direction)

    def _steepest_descent(self):
        """Set the direction of steepest descent and return its slope."""
        return self._hessian.steepest(self.current, out=self._direction)

    def _try(self, step):
        """Return the value and the slope after a step in the direction."""
        current, trial, direction = self.current, self._other, self._direction
        self._last_step = step

        def move(share):
            for piece in share:
                x = trial.x[piece]
                into(x, "multiply", direction[piece], step)
                x += current.x[piece]

        self._team.map(move, self._shares)
        self._evaluate(trial)
        return trial.value, self._dot(trial.gradient, direction)

    def _evaluate(self, point):
        point.value = self._value_and_grad(point.x, point.gradient)

    def _squared_norm(self):
        return self._dot(self.current.gradient, self.current.gradient)

    def _dot(self, a, b):
        return dot(a, b, self._team, self._shares)

    def _diverged(self, point):
        what = "gradient" if isfinite(point.value) else "objective"
        return Diverged(f"the {what} is not finite in iteration {self._n_iter + 1}")


class InverseHessian:
    """Approximation of the inverse Hessian matrix by the last steps.

    With steps s as columns of S, gradient changes y as columns of Y, the upper triangle
    R of S'Y, its diagonal D, and c B as the approximation before these steps, this is
    the compact form of L-BFGS ([1]_, theorem 2.2):

        H g = c B q + S v,  q = g - Y u,  R u = S'g,  R'v = D u - c Y'B q,

    where c = s'y / y'By for the last pair.

    Parameters
    ----------
    point : array
        Example of a vector; determines dtype, device and size.
    team : Team

    Attributes
    ----------
    preconditioner : object or None
        Its method `apply` multiplies a vector by B, in place. None, at first, stands
        for the identity.

    References
    ----------
    .. [1] R. H. Byrd, J. Nocedal, R. B. Schnabel, "Representations of quasi-Newton
       matrices and their use in limited memory methods", Mathematical Programming 63,
       1994.
    """

    def __init__(self, point, team):
        self._team, self.preconditioner = team, None
        self._shares = _vector_shares_for(point, team)
        # Memory of zeros is not allocated before they are overwritten.
        self._steps, self._changes = (
            zeros((N_PAIRS, point.shape[0]), point) for _ in range(2)
        )
        self._sy, self._yy = np.zeros((N_PAIRS, N_PAIRS)), np.zeros(N_PAIRS)
        self.reset()

    def reset(self):
        """Discard all pairs."""
        self._n_used = 0
        self._next = 0
        self._order = []  # indices of pairs, oldest first

    def direction(self, old, new, out):
        """Store the pair of two points, and write ``-H g`` at the new one to `out`.

        Returns
        -------
        slope : float
            Slope at the new point in this direction.
        """
        products = self._add_pair(old, new)
        order, factor = self._order, self._factor()
        sy = self._sy[order][:, order]
        u, v = np.zeros(self._n_used), np.zeros(self._n_used)
        u[order] = _solve(sy, products[order])
        self._combine(new.gradient, 1.0, self._changes, -u, out)
        self._precondition(out)
        products = factor * self._products(self._changes, out)
        right = np.diag(sy) * u[order] - products[order]
        v[order] = _solve(sy, right, trans=1)
        self._combine(out, -factor, self._steps, -v, out)
        return self._dot(new.gradient, out)

    def steepest(self, point, out):
        """Discard all pairs, and write ``-B g`` at a point to `out`.

        Without a preconditioner it is made no longer than one.

        Returns
        -------
        slope : float
            Slope at the point in this direction.
        """
        self.reset()
        gradient, factor = point.gradient, -1.0
        if self.preconditioner is None:
            factor /= max(1.0, sqrt(self._dot(gradient, gradient)))
        into(out, "multiply", gradient, factor)
        self._precondition(out)
        return self._dot(gradient, out)

    def _add_pair(self, old, new):
        """Overwrite the oldest pair; return products of all steps with the gradient."""
        k, self._next = self._next, (self._next + 1) % N_PAIRS
        self._n_used = max(self._n_used, k + 1)
        steps, changes = self._steps[: self._n_used, :], self._changes

        def measure(share):
            sums, square = np.zeros((2, self._n_used)), 0.0
            for piece in share:
                s, y, part = steps[k, piece], changes[k, piece], steps[:, piece]
                into(s, "subtract", new.x[piece], old.x[piece])
                into(y, "subtract", new.gradient[piece], old.gradient[piece])
                sums[0] += to_numpy(part @ y)
                sums[1] += to_numpy(part @ new.gradient[piece])
                square += float(y @ y)
            return sums, square

        sums, squares = zip(*self._team.map(measure, self._shares), strict=True)
        (self._sy[: self._n_used, k], with_g), self._yy[k] = sum(sums), sum(squares)
        self._order = [i for i in self._order if i != k]
        # A pair without positive curvature beyond rounding would make H indefinite.
        if self._sy[k, k] > np.finfo(np.float64).eps * self._yy[k]:
            self._order.append(k)
        return with_g

    def _factor(self):
        """Return c, which is one without pairs."""
        if not self._order:
            return 1.0
        k = self._order[-1]
        square = float(self._yy[k])  # a NumPy scalar would upcast
        if self.preconditioner is not None:
            y = self._changes[k, :]
            by = y + 0  # a copy, in each library
            self._precondition(by)
            square = self._dot(y, by)
        return float(self._sy[k, k]) / square

    def _precondition(self, vector):
        if self.preconditioner is not None:
            self.preconditioner.apply(vector)

    def _products(self, vectors, vector):
        """Return the products of used vectors with another one."""

        def multiply(share):
            return sum(to_numpy(used[:, piece] @ vector[piece]) for piece in share)

        used = vectors[: self._n_used, :]
        return sum(self._team.map(multiply, self._shares)).astype(np.float64)

    def _combine(self, vector, factor, vectors, weights, out):
        """Write ``factor vector + weights vectors`` to `out`."""

        def add(share):
            for piece in share:
                d = out[piece]
                into(d, "multiply", vector[piece], factor)
                d += weights @ used[:, piece]

        used = vectors[: self._n_used, :]
        weights = as_array_like(weights, vectors)
        self._team.map(add, self._shares)

    def _dot(self, a, b):
        return dot(a, b, self._team, self._shares)


def dot(a, b, team, shares):
    """Return the scalar product of two vectors, given `shares` of their pieces."""

    def add_up(share):
        return sum(float(a[piece] @ b[piece]) for piece in share)

    return sum(team.map(add_up, shares))


def _solve(matrix, right, trans=0):
    """Solve with the upper triangle of a matrix, or with its transpose."""
    return dtrtrs(matrix, right, trans=trans)[0] if len(right) else right


def _vector_shares_for(point, team):
    """Return lists of pieces of a vector, one list for each useful thread."""
    whole = [slice(0, point.shape[0])]
    shares = vector_shares(point, whole, team, PASS_WORK, PIECE)
    return [[piece for _, piece in share] for share in shares]
