"""The objective of one autoencoder, implemented independently of the package.

``J = 1/(2m) ||X_hat - X||^2 + alpha/2 (||W_e||^2 + ||W_d||^2) + beta sum_j KL(rho,
mean_j)`` with logistic units and a linear output. Parameters are one flat vector, in
the order encoder, its intercepts, decoder, its intercepts.
"""

import numpy as np
import torch
from scipy import optimize
from threadpoolctl import ThreadpoolController

RHO, BETA = 0.05, 3.0
# Weights of the decay of the encoder and of the decoder.
ALPHA = 1e-4, 1e-4
# `decay_directions_` of a fit to few rows, for PyTorch's J.
DIRECTIONS = None


def split(theta, n_features, n_components):
    """The four arrays of a flat vector, NumPy's or PyTorch's."""
    n = n_features * n_components
    return (
        theta[:n].reshape(n_features, n_components),
        theta[n : n + n_components],
        theta[n + n_components : 2 * n + n_components].reshape(
            n_components, n_features
        ),
        theta[2 * n + n_components :],
    )


def start(n_features, n_components, dtype, seed=0):
    """Random weights as in the Stanford notes, intercepts of zero."""
    rng = np.random.RandomState(seed)
    theta = np.zeros(2 * n_features * n_components + n_features + n_components, dtype)
    bound = np.sqrt(6 / (n_features + n_components + 1))
    for i in (0, 2):
        weights = split(theta, n_features, n_components)[i]
        weights[...] = rng.uniform(-bound, bound, weights.shape)
    return theta


def one_thread_for_scipy():
    """A context in which the BLAS of SciPy uses one thread.

    L-BFGS's vectors are short, and threads that spin after each of its operations
    keep cores from PyTorch or NumPy: fits of small tables take five times as long.
    """
    controller = ThreadpoolController()
    paths = [
        library["filepath"]
        for library in controller.info()
        if "scipy.libs" in library["filepath"]
    ]
    return controller.select(filepath=paths).limit(limits=1)


class Textbook:
    """Whole arrays and plain expressions, as in a tutorial."""

    def __init__(self, X, n_components):
        self.X, self.n_components = X, n_components

    def value_and_grad(self, theta):
        X, m = self.X, len(self.X)
        W1, b1, W2, b2 = split(theta, X.shape[1], self.n_components)
        A = 1 / (1 + np.exp(-(X @ W1 + b1)))
        error = A @ W2 + b2 - X
        mean = A.mean(axis=0)
        value = (
            0.5 * np.sum(error**2) / m
            + 0.5 * (ALPHA[0] * np.sum(W1**2) + ALPHA[1] * np.sum(W2**2))
            + BETA
            * np.sum(
                RHO * np.log(RHO / mean) + (1 - RHO) * np.log((1 - RHO) / (1 - mean))
            )
        )
        push = BETA * (-RHO / mean + (1 - RHO) / (1 - mean))
        delta = (error @ W2.T + push) * A * (1 - A)
        gradients = (
            X.T @ delta / m + ALPHA[0] * W1,
            delta.sum(axis=0) / m,
            A.T @ error / m + ALPHA[1] * W2,
            error.sum(axis=0) / m,
        )
        return float(value), np.concatenate([g.ravel() for g in gradients])


class Torch:
    """PyTorch's autograd, eager or compiled."""

    def __init__(self, X, n_components, compiled=False):
        self.X = torch.from_numpy(X)
        self.n_components = n_components
        self.loss = torch.compile(self._loss) if compiled else self._loss

    def _loss(self, X, W1, b1, W2, b2):
        A = torch.sigmoid(X @ W1 + b1)
        error = A @ W2 + b2 - X
        mean = A.mean(dim=0)
        on = RHO * torch.log(RHO / mean)
        off = (1 - RHO) * torch.log((1 - RHO) / (1 - mean))
        decay = ALPHA[0] * (W1**2).sum() + ALPHA[1] * (W2**2).sum()
        if DIRECTIONS is not None:
            along = torch.from_numpy(DIRECTIONS).to(W1.dtype) @ W1
            decay = decay + (along**2).sum()
        return 0.5 * (error**2).sum() / len(X) + 0.5 * decay + BETA * (on + off).sum()

    def parameters(self, theta):
        """The four arrays as leaves of a graph."""
        theta = torch.from_numpy(np.asarray(theta, self.X.numpy().dtype))
        arrays = split(theta, self.X.shape[1], self.n_components)
        return [array.clone().requires_grad_() for array in arrays]

    def value_and_grad(self, theta):
        parameters = self.parameters(theta)
        loss = self.loss(self.X, *parameters)
        loss.backward()
        gradient = torch.cat([p.grad.ravel() for p in parameters])
        return loss.item(), gradient.numpy()

    def lbfgs(self, theta, max_iter):
        """SciPy's L-BFGS from a vector in double precision."""

        def evaluate(theta):
            value, gradient = self.value_and_grad(theta)
            return value, gradient.astype(np.float64)

        options = {"maxiter": max_iter, "maxfun": 20 * max_iter, "ftol": 0, "gtol": 0}
        with one_thread_for_scipy():
            return optimize.minimize(
                evaluate, theta, method="L-BFGS-B", jac=True, options=options
            )

    def adam(self, theta, batch_size=256, learning_rate=1e-3, seed=0):
        """Epochs of PyTorch's fused Adam; yields the parameters after each."""
        generator = torch.Generator().manual_seed(seed)
        parameters = self.parameters(theta)
        optimizer = torch.optim.Adam(parameters, lr=learning_rate, fused=True)
        while True:
            order = torch.randperm(len(self.X), generator=generator)
            for rows in order.split(batch_size):
                optimizer.zero_grad(set_to_none=True)
                self.loss(self.X[rows], *parameters).backward()
                optimizer.step()
            yield torch.cat([p.detach().ravel() for p in parameters]).numpy()


class Products:
    """Only the five matrix products of one evaluation.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
    n_components : int
    parts : list of list of slice, default=None
        Blocks of rows for each thread. None stands for whole arrays.
    map : callable, default=map
        Applies a function to each part.
    keeps_codes : bool, default=False
        Whether the codes of all rows are written before anything else, as they are for
        a penalty that needs the units' means first. They are then read from memory.
    """

    def __init__(self, X, n_components, parts=None, map=map, keeps_codes=False):
        self.X, self._map = X, map
        self._codes = None
        if keeps_codes:
            self._codes = np.empty((len(X), n_components), X.dtype)
        n_features = X.shape[1]
        self._parts = []
        for blocks in parts or [[slice(0, len(X))]]:
            n_rows = max(block.stop - block.start for block in blocks)
            shapes = [
                (n_rows, n_components),
                (n_rows, n_features),
                (n_rows, n_components),
                (n_components, n_features),
                (n_features, n_components),
            ]
            arrays = [np.empty(shape, X.dtype) for shape in shapes]
            self._parts.append((blocks, arrays))

    def value_and_grad(self, theta):
        W1, _, W2, _ = split(theta, self.X.shape[1], len(self._parts[0][1][3]))

        def encode(part):
            for block in part[0]:
                np.matmul(self.X[block], W1, out=self._codes[block])

        def multiply(part):
            blocks, (code, error, delta, decoder, encoder) = part
            for block in blocks:
                n = block.stop - block.start
                if self._codes is None:
                    a = np.matmul(self.X[block], W1, out=code[:n])
                else:
                    a = self._codes[block]
                np.matmul(a, W2, out=error[:n])
                np.matmul(a.T, error[:n], out=decoder)
                np.matmul(error[:n], W2.T, out=delta[:n])
                np.matmul(self.X[block].T, delta[:n], out=encoder)

        if self._codes is not None:
            list(self._map(encode, self._parts))
        list(self._map(multiply, self._parts))
