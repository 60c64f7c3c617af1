"""The objective for rows on the workers of a Dask cluster.

J depends on the rows only through sums. Workers compute the sums over their blocks,
with the objectives for rows in memory, and the client combines them.
"""

import operator
from dataclasses import dataclass

import numpy as np

from .._arrays._team import Team
from .._network._network import Network
from .._rows._dask_blocks import as_rows
from .._rows._dask_sums import RowBlocks
from ._base import Objective
from ._in_memory import class_in_memory


class DaskObjective(Objective):
    """J and its gradient over the rows of a Dask array.

    The team is a `Crew`. Each block is processed by one thread, since Dask runs one
    task in each thread of a worker. Codes are not kept between the two passes of a
    penalty with a non-linear psi: the workers' memory is left to the rows.
    """

    def _set_rows(self, X, inputs, sample_weight, load):
        del load
        inputs = None if inputs is X else inputs
        self._rows = RowBlocks(X, inputs, sample_weight, crew=self.team)

    def _encode(self, parameters):
        return self._sum(parameters, "encode").phi

    def _forward(self, parameters):
        sums = self._sum(parameters, "forward")
        return sums.loss, sums.phi

    def _backward(self, parameters, slope, encoded, revival, gradients):
        del encoded, revival, gradients
        sums = self._sum(parameters, "backward", slope)
        self._gradient_sum = sums.gradient
        return sums.loss, sums.phi

    def _gradient(self, weights, gradients):
        sums = self.network.layout.views(self._gradient_sum)
        for total, out in zip(sums, gradients, strict=True):
            np.divide(total, self._total_weight, out=out)
        return self._add_decay(weights, gradients)

    def _n_active(self):
        return self._last.n_active

    def _sum(self, parameters, task, slope=None):
        thresholds = getattr(self.network.penalty, "threshold_", None)
        vector = self.network.layout.flatten(parameters, thresholds=thresholds)
        evaluation = _Evaluation(
            task, self.network, vector, slope, self.dtype, self.counts_active
        )
        self._last = self._rows.sum(evaluation)
        return self._last


@dataclass
class _Sums:
    """Sums over some rows; those that were not requested are zero."""

    loss: float = 0.0
    phi: np.ndarray | float = 0.0
    n_active: float = 0.0
    gradient: np.ndarray | float = 0.0

    def __add__(self, other):
        return _Sums(*map(operator.add, vars(self).values(), vars(other).values()))

    def __sizeof__(self):  # Dask's estimate of the memory
        return sum(np.asarray(value).nbytes for value in vars(self).values())


@dataclass
class _Evaluation:
    """Function that a worker calls to compute the sums over one of its blocks.

    Its fields are what the client sends for each evaluation.
    """

    task: str
    network: Network
    vector: np.ndarray
    slope: np.ndarray | None
    dtype: np.dtype
    counts_active: bool

    def __call__(self, number, X, inputs, sample_weight):
        network, weights = self.network, self.network.layout.views(self.vector)
        # In training, `check_rows` has checked for finite values before.
        check = self.task == "forward"
        if check and network.loss.skips_missing:
            check = "allow-nan"
        X = as_rows(X, self.dtype, number, check)
        if inputs is not None:
            inputs = as_rows(inputs, self.dtype, number, check_finite=False)
        with Team(1) as team:
            objective = class_in_memory(X, network)(
                network,
                alpha=0,
                team=team,
                dtype=self.dtype,
                memory_budget=0,
                counts_active=self.counts_active,
            )
            objective.use_rows(X, sample_weight, total_weight=1, inputs=inputs)
            # Those for the rows as the objective uses them.
            parameters = objective._parameters(self.vector, weights)
            sums = _Sums()
            if self.task == "encode":
                sums.phi = objective._encode(parameters)
            elif self.task == "forward":
                sums.loss, sums.phi = objective._forward(parameters)
            else:
                sums.gradient = np.empty_like(self.vector)
                gradients = network.layout.views(sums.gradient)
                sums.loss, sums.phi = objective._backward(
                    parameters, self.slope, False, None, gradients
                )
                objective._gradient(weights, gradients)
            if self.counts_active:
                sums.n_active = objective._n_active()
        return sums

    def __sizeof__(self):  # Dask's estimate of the memory
        return self.vector.nbytes
