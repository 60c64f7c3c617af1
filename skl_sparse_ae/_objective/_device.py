"""The objective for rows on a device, such as a GPU, in whole-array operations.

No threads and no strips are used, since the arrays' library runs in parallel itself.
Vectors of length n_components, such as the unit means, are moved to the CPU, where psi
is computed; larger arrays stay on the device.
"""

from typing import NamedTuple

import numpy as np

from .._arrays._array_api import as_factor, to_numpy
from .._arrays._blocks import blocks
from .._network._parameters import Parameters
from ._base import Objective
from ._sums import finish_delta, threshold_sums

# Size of the errors and codes of a block of rows.
BLOCK_BYTES = 2**28


class _IdleUnits(NamedTuple):
    """Indices of units to revive, and the weight of their auxiliary term."""

    units: np.ndarray
    beta: float


class DeviceObjective(Objective):
    """J and its gradient over the rows of a `DeviceArray`.

    Parameters are those of `Objective`. Parameter vectors may be on the device of the
    rows or NumPy arrays; the gradient is of the same kind.
    """

    def _set_rows(self, X, inputs, sample_weight, load):
        del load
        layout = self.network.layout
        self._X, self._inputs = X, inputs
        self._weights = None
        if sample_weight is not None:
            self._weights = X.from_numpy(sample_weight, self.dtype)
        row_bytes = self.dtype.itemsize * (4 * layout.n_components + layout.n_features)
        self._blocks = blocks(0, X.shape[0], row_bytes, BLOCK_BYTES)
        constants = self.network.loss.constants
        self._constants = sum(
            constants(X[rows].array, self._weights_of(rows)) for rows in self._blocks
        )
        self._codes = None

    def _unselected_codes(self, parameters):
        self._codes = [
            self._encoded(parameters, rows, select=False) for rows in self._blocks
        ]
        return self._codes

    def _encode(self, parameters):
        self._reset_sums()
        for i, rows in enumerate(self._blocks):
            self._counted_code(parameters, i, rows)
        return self._phi

    def _forward(self, parameters):
        self._reset_sums()
        loss = self._constants
        for i, rows in enumerate(self._blocks):
            code = self._counted_code(parameters, i, rows)
            loss += self._compared(parameters, code, rows)[0]
        return loss, self._phi

    def _backward(self, parameters, slope, encoded, revival, gradients):
        del encoded, gradients
        self._reset_sums()
        if slope is not None:
            slope = self._X.from_numpy(slope)
        loss, self._sums = self._constants, None
        self._thresholds = np.zeros(self.network.layout.n_components)
        for i, rows in enumerate(self._blocks):
            added, sums = self._block_gradients(parameters, i, rows, slope, revival)
            loss += added
            if self._sums is None:
                self._sums = sums
            else:
                self._sums = [a + b for a, b in zip(self._sums, sums, strict=True)]
        self._codes = None
        return loss, self._phi

    def _block_gradients(self, parameters, i, rows, slope, revival):
        """Return the loss and gradients of a block, ordered as `Parameters`."""
        xp, network = self._X.xp, self.network
        inputs = self._inputs[rows].array
        code = self._counted_code(parameters, i, rows)
        weights = self._weights_of(rows)
        loss, errors, residual = self._compared(parameters, code, rows)
        groups = list(zip(network.groups, errors, strict=True))
        transposed = parameters.components.T
        parts = [error @ transposed[:, group] for group, error in groups]
        delta = xp.concat(parts, axis=1) if len(parts) > 1 else parts[0]
        if network.penalty.learns_thresholds:
            before = self._encoded(parameters, rows, select=False)
            self._thresholds += threshold_sums(network, before, delta, slope, weights)
        finish_delta(network, delta, code, slope, weights)
        parts = [code.T[group, :] @ error for group, error in groups]
        components = xp.concat(parts, axis=0) if len(parts) > 1 else parts[0]
        if revival is not None:
            idle = self._idle_code(parameters, rows, revival.units)
            written = idle @ parameters.components
            written = revival.beta * (self._times_weights(written, rows) + residual)
            components += idle.T @ written
            pulled = written @ parameters.components.T
            network.activation.multiply_derivative(idle, pulled)
            delta += pulled * as_factor(idle != 0, idle)
        return loss, [
            inputs.T @ delta,
            xp.sum(delta, axis=0),
            components,
            xp.sum(errors[0], axis=0),
        ]

    def _compared(self, parameters, code, rows):
        """Return the loss of a block, and errors at the output.

        The errors, at the output's pre-activation and times the sample weights, are
        given for each group of units as `NestedRange` defines them, and once more for
        the reconstruction from all units.
        """
        X, groups, weights = self._X[rows], self.network.groups, self._weights_of(rows)
        loss, errors, written = 0.0, [], 0.0
        for group in groups:
            written = written + code[:, group] @ parameters.components[group, :]
            residual = self._X.xp.asarray(written, copy=True)
            loss += self.network.passes.compare(
                residual, parameters.decoder_intercept, X.array, weights
            ) / len(groups)
            errors.append(residual / len(groups) if len(groups) > 1 else residual)
        for i in range(len(groups) - 2, -1, -1):
            errors[i] = errors[i] + errors[i + 1]
        return loss, errors, residual

    def _idle_code(self, parameters, rows, units):
        """Return the code of a block, zero but for the most active idle unit."""
        xp = self._X.xp
        code = self._encoded(parameters, rows, select=False)
        number = np.arange(code.shape[1])
        is_idle = self._X.from_numpy(np.isin(number, units))
        first = xp.argmax(xp.where(is_idle, code, -xp.inf), axis=1)
        is_first = self._X.from_numpy(number) == first[:, None]
        return code * as_factor(is_first, code)

    def _gradient(self, weights, gradients):
        sums = Parameters(*self._sums)
        if self.network.layout.tied_weights:
            sums = sums._replace(encoder_coef=sums.encoder_coef + sums.components.T)
            sums = sums._replace(components=sums.encoder_coef.T)
        for total, out in zip(sums, gradients, strict=True):
            if isinstance(out, np.ndarray):
                total = to_numpy(total)
            out[...] = total / self._total_weight
        return self._add_decay(weights, gradients)

    def _threshold_sums(self):
        return self._thresholds

    def _n_active(self):
        return self._n_active_units

    def _reset_sums(self):
        self._phi, self._n_active_units = (
            np.zeros(self.network.layout.n_components),
            0.0,
        )

    def _encoded(self, parameters, rows, select=True):
        X = self._inputs[rows]
        out = X.empty(self.network.layout.n_components)
        return self.network.encode(parameters, X.array, out, select=select)

    def _counted_code(self, parameters, i, rows):
        """Return the code of a block, after adding it to the sums over the rows."""
        if self._codes is None:
            code = self._encoded(parameters, rows)
        else:
            code = self._codes[i]
        phi = self.network.penalty.phi(code, self.network.activation)
        self._phi += self._sum_rows(phi, rows)
        if self.counts_active:
            active = as_factor(code != 0, code)
            self._n_active_units += float(self._sum_rows(active, rows).sum())
        return code

    def _sum_rows(self, array, rows):
        """Return the weighted sum over rows of a block as a float64 NumPy vector."""
        if self._weights is not None:
            array = array * self._weights[rows][:, None]
        return to_numpy(self._X.xp.sum(array, axis=0)).astype(np.float64)

    def _weights_of(self, rows):
        return None if self._weights is None else self._weights[rows]

    def _times_weights(self, array, rows):
        return array if self._weights is None else array * self._weights[rows][:, None]

    def _revival_of(self, units, parameters, weight):
        del parameters
        return _IdleUnits(units, float(weight))

    def _vector_like(self, theta, vector):
        if isinstance(theta, np.ndarray):
            return vector
        return self._X.from_numpy(vector, self.dtype)

    def _parameters(self, theta, weights):
        if isinstance(theta, np.ndarray):
            layout, parameters = (
                self.network.layout,
                super()._parameters(theta, weights),
            )
            # The thresholds are the penalty's already.
            theta = layout.flatten(parameters, self.dtype, thresholds=0.0)
            return layout.views(self._X.from_numpy(theta))
        if self.mean is None:
            return weights
        mean = self._X.from_numpy(self.mean, self.dtype)
        intercept = weights.encoder_intercept - mean @ weights.encoder_coef
        return weights._replace(encoder_intercept=intercept)

    def _centre(self, gradients):
        if isinstance(gradients.encoder_coef, np.ndarray):
            super()._centre(gradients)
            return
        mean = self._X.from_numpy(self.mean, self.dtype)
        encoder = gradients.encoder_coef
        encoder -= mean[:, None] * gradients.encoder_intercept[None, :]
