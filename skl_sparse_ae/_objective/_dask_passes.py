"""The two passes over the rows of a Dask array, each a round of sums by the workers."""

from dataclasses import dataclass

import numpy as np

from .._arrays._team import Team
from .._network._network import Network
from .._network._parameters import Parameters
from .._rows._dask_blocks import as_rows
from .._rows._dask_sums import RowBlocks
from ._decoder import Decoder
from ._row_passes import PassesInMemory


class PassesOnDask:
    """The two passes over the rows of a Dask array.

    Codes are not kept between the passes: the workers' memory is left to the rows.
    Parameters are those of `PassesInMemory`; the team is a `Crew`.
    """

    def __init__(
        self,
        network,
        X,
        inputs,
        sample_weight,
        mean,
        *,
        team,
        memory_budget,
        counts_active,
    ):
        del memory_budget
        self._rows = RowBlocks(X, inputs, sample_weight, crew=team)
        self._common = {
            "network": network,
            "mean": mean,
            "dtype": X.dtype,
            "counts_active": counts_active,
        }

    def encode(self, parameters, is_solved=True):
        return self._rows.sum(
            _Encoding(**self._common, parameters=parameters, is_solved=is_solved)
        )

    def pull_back(self, parameters, decoder, slope):
        return self._rows.sum(
            _PullingBack(
                **self._common, parameters=parameters, decoder=decoder, slope=slope
            )
        )


@dataclass
class _Task:
    """What a worker needs for a pass over one block: a function of its rows."""

    network: Network
    mean: np.ndarray
    dtype: np.dtype
    counts_active: bool

    def __call__(self, number, X, inputs, sample_weight):
        X = as_rows(X, self.dtype, number, check_finite=False)
        if inputs is not None:
            inputs = as_rows(inputs, self.dtype, number, check_finite=False)
        with Team(1) as team:
            passes = PassesInMemory(
                self.network,
                X,
                inputs,
                sample_weight,
                self.mean,
                team=team,
                memory_budget=0,
                counts_active=self.counts_active,
            )
            return self._sums(passes)


@dataclass
class _Encoding(_Task):
    """The first pass."""

    parameters: Parameters
    is_solved: bool

    def _sums(self, passes):
        return passes.encode(self.parameters, self.is_solved)


@dataclass
class _PullingBack(_Task):
    """The second pass."""

    parameters: Parameters
    decoder: Decoder
    slope: np.ndarray | None

    def _sums(self, passes):
        return passes.pull_back(self.parameters, self.decoder, self.slope)
