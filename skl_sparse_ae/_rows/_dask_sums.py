"""Sums over the row blocks of Dask arrays, computed where the blocks are stored.

Only sums are sent over the network, not rows. The order of the additions is fixed when
a fit begins. So if a worker is lost and Dask computes its blocks again on another one,
the result is the same to the last bit. If the fit itself loads the blocks, the order
depends only on the chunks and on the numbers of workers and threads, and another fit
gives the same bits, too.
"""

import operator
from collections import Counter, defaultdict
from functools import reduce
from itertools import accumulate, chain
from uuid import uuid4

import dask
import numpy as np
from dask.base import get_scheduler
from dask.delayed import Delayed
from dask.highlevelgraph import HighLevelGraph

from .._arrays._team import Team

# Number of results that a node of the tree of additions adds up.
FAN_IN = 8
# The fraction of a task's blocks that may be sent to it from other workers.
MAX_REMOTE_FRACTION = 1 / 4


class Crew(Team):
    """The workers of a cluster when a fit begins, and a team of the client's threads.

    Attributes
    ----------
    workers : list of (str, int)
        Addresses and numbers of threads, sorted by the number of threads first, since
        addresses differ between clusters. Empty without a cluster.
    """

    def __init__(self):
        super().__init__()
        client = _current_client()
        n_threads = {} if client is None else client.nthreads()
        self.workers = sorted(n_threads.items(), key=lambda item: item[::-1])
        self._plans = {}

    def plan(self, array):
        """Return the order in which sums over the blocks of an array are added up.

        It is computed once for an array, and does not change when blocks move.

        Parameters
        ----------
        array : dask.array.Array

        Returns
        -------
        plan : tuple
            A tree of tuples, whose leaves are lists of the numbers of the blocks that
            one task adds up.
        """
        if array.name not in self._plans:
            plan = self._make_plan(array.chunks[0], _addresses_of_blocks(array))
            self._plans[array.name] = plan
        return self._plans[array.name]

    def _make_plan(self, lengths, addresses):
        if not (addresses and self.workers):
            return _tree([i] for i in np.flatnonzero(lengths).tolist())
        blocks = self.split_by_worker(lengths, addresses)
        workers = (tuple(filter(None, of_threads)) for of_threads in blocks)
        return _tree(filter(None, workers))

    def split_in_order(self, lengths):
        """Divide consecutive blocks among the threads of all workers.

        Each thread has about the same number of rows. Blocks without rows are left out.

        Parameters
        ----------
        lengths : sequence of int
            Numbers of rows of the blocks.

        Returns
        -------
        blocks : list of list of list of int
            For each worker and each of its threads, the numbers of its blocks.
        """
        n_threads = [n for _, n in self.workers]
        blocks = _split_by_rows(
            np.flatnonzero(lengths).tolist(), lengths, sum(n_threads)
        )
        bounds = zip(n_threads, accumulate(n_threads), strict=True)
        return [blocks[stop - n : stop] for n, stop in bounds]

    def split_by_worker(self, lengths, addresses):
        """Divide blocks that the workers have in memory among their threads.

        Blocks are divided as by `split_in_order` if most of those of each thread are on
        the same worker. Otherwise each worker has its own blocks.

        Parameters
        ----------
        lengths : sequence of int
            Numbers of rows of the blocks.
        addresses : dict of int to list of str
            For a block, the addresses of the workers that have it.

        Returns
        -------
        blocks : list of list of list of int
            For each worker and each of its threads, the numbers of its blocks.
        """
        in_order = self.split_in_order(lengths)
        of_threads = chain.from_iterable(in_order)
        if all(_are_mostly_together(blocks, addresses) for blocks in of_threads):
            return in_order
        n_threads = dict(self.workers)
        blocks_of = defaultdict(list)
        for block in np.flatnonzero(lengths).tolist():
            candidates = addresses.get(block) or n_threads
            owner = min(candidates, key=lambda a: (len(blocks_of[a]), a))
            blocks_of[owner].append(block)
        by_worker = [
            _split_by_rows(blocks, lengths, n_threads.get(address, 1))
            for address, blocks in blocks_of.items()
        ]
        return sorted(by_worker, key=lambda threads: min(chain.from_iterable(threads)))


def _split_by_rows(blocks, lengths, n_parts):
    """Split a list of blocks into parts with about the same number of rows."""
    lengths = np.array([lengths[block] for block in blocks])
    stops = np.cumsum(lengths)
    middles = stops - lengths / 2
    parts = [[] for _ in range(n_parts)]
    for block, part in zip(blocks, middles * n_parts / stops[-1], strict=True):
        parts[int(part)].append(block)
    return parts


def _are_mostly_together(blocks, addresses):
    """Whether most of some blocks are on one worker."""
    counts = Counter(chain.from_iterable(addresses.get(i, ()) for i in blocks))
    return max(counts.values(), default=0) >= (1 - MAX_REMOTE_FRACTION) * len(blocks)


def keep_in_memory(*arrays):
    """Compute Dask arrays and keep them in the memory of the workers.

    If no blocks are in memory yet, consecutive ones, whose sums are added first, are
    computed by the same worker. Otherwise they stay where they are.

    Parameters
    ----------
    *arrays : dask.array.Array
        With the same chunks along their rows.

    Returns
    -------
    arrays : tuple of dask.array.Array
    """
    client, crew = _current_client(), Crew()
    if len(crew.workers) < 2 or any(_futures(array) for array in arrays):
        return dask.persist(*arrays)
    arrays = dask.optimize(*arrays)
    preferred = _preferred_workers(arrays, crew)
    with dask.annotate(
        workers=lambda key: preferred.get(_block_of(key), ()), allow_other_workers=True
    ):
        arrays = dask.persist(*arrays)
    _wait(arrays)
    # A task whose preferred workers are all lost waits for them for ever, even if it
    # may run on others (distributed 2026.8).
    client.run_on_scheduler(_allow_all_workers, set(preferred))
    return arrays


def _preferred_workers(arrays, crew):
    """Choose the worker to compute each block of the arrays and their dependencies.

    Returns
    -------
    preferred : dict of (str, int) to list of str
        For the name of an array and the number of a block, the worker's address.
        Dependencies with another number of blocks are left out.
    """
    lengths = arrays[0].chunks[0]
    in_order = crew.split_in_order(lengths)
    address_of = {
        block: address
        for (address, _), threads in zip(crew.workers, in_order, strict=True)
        for block in chain.from_iterable(threads)
    }
    blocks = defaultdict(set)
    for key in chain.from_iterable(array.__dask_graph__() for array in arrays):
        if _block_of(key) is not None:
            name, block = _block_of(key)
            blocks[name].add(block)
    return {
        (name, block): [address]
        for name, found in blocks.items()
        if len(found) == len(lengths)
        for block, address in address_of.items()
    }


def _allow_all_workers(blocks, dask_scheduler):
    """Remove the restrictions of tasks to workers, on the scheduler."""
    for key, task in dask_scheduler.tasks.items():
        if _block_of(key) in blocks:
            task.worker_restrictions = None


def _block_of(key):
    """Return the array's name and the row block's number of a task's key, or None."""
    is_block = isinstance(key, tuple) and len(key) > 1 and isinstance(key[1], int)
    return key[:2] if is_block else None


class RowBlocks:
    """Row blocks of Dask arrays, and sums over them.

    Parameters
    ----------
    *arrays : dask.array.Array or None
        With the same chunks along their rows. The first has two dimensions, and one
        block of columns. Blocks that are not in the workers' memory are computed again
        for each sum.
    crew : Crew
        Gives the order in which sums are added up.
    """

    def __init__(self, *arrays, crew):
        self._arrays = [array for array in arrays if array is not None]
        self._keys = [None if array is None else _keys(array) for array in arrays]
        self._plan = crew.plan(arrays[0])

    def sum(self, function):
        """Return the sum of a function over the row blocks.

        Parameters
        ----------
        function : callable
            ``function(number, *blocks)`` returns a summand for the row block of that
            number. A block is None where an array is None. The function is sent to each
            worker once.

        Returns
        -------
        sum : object
            Of the type of the summands.
        """
        name = f"sum-{uuid4().hex}"
        layer = {(name, "function"): function}
        top = self._add_tasks(self._plan, layer, name)
        graph = HighLevelGraph.from_collections(name, layer, dependencies=self._arrays)
        # Dask warns of graphs with large constants, such as the parameters. If they
        # were kept on a worker instead, as it advises, they would be lost with it.
        threshold = {"distributed.admin.large-graph-warning-threshold": "1 PiB"}
        with dask.config.set(threshold):
            return Delayed(top, graph, layer=name).compute()

    def _add_tasks(self, part, layer, name):
        """Add the tasks for a part of the plan to a layer; return the result's key."""
        if isinstance(part, tuple) and len(part) == 1:
            return self._add_tasks(part[0], layer, name)
        if isinstance(part, tuple):
            task = _add_up, [self._add_tasks(p, layer, name) for p in part]
        else:
            columns = [keys and [keys[i] for i in part] for keys in self._keys]
            task = _sum_of_blocks, (name, "function"), part, columns
        key = (name, len(layer))
        layer[key] = task
        return key


def _sum_of_blocks(function, numbers, columns):
    """Return the sum over some blocks, added up in the order of a tree of tasks."""

    def summand(i):
        return function(numbers[i], *(column and column[i] for column in columns))

    return _sum_of_tree(_tree(range(len(numbers))), summand)


def _sum_of_tree(tree, summand):
    if isinstance(tree, tuple):
        return _add_up(_sum_of_tree(branch, summand) for branch in tree)
    return summand(tree)


def _add_up(sums):
    return reduce(operator.add, sums)


def _tree(items):
    """Return a tree of tuples, none longer than `FAN_IN`, with the items as leaves."""
    items = tuple(items)
    while len(items) > FAN_IN:
        items = tuple(items[i : i + FAN_IN] for i in range(0, len(items), FAN_IN))
    return items


def _addresses_of_blocks(array):
    """Return the addresses of the workers that have a block, by its number."""
    client = _current_client()
    if client is None:
        return {}
    keys = _keys(array)
    _wait([array])
    futures = {future.key: future for future in _futures(array)}
    futures = [futures[key] for key in keys if key in futures]
    who_has = client.who_has(futures) if futures else {}
    return {i: who_has[key] for i, key in enumerate(keys) if who_has.get(key)}


def _keys(array):
    """Return the keys of the blocks of an array of one or two dimensions."""
    return list(dask.core.flatten(array.__dask_keys__()))


def _current_client():
    """Return the client of the cluster that computes, or None without a cluster."""
    owner = getattr(get_scheduler(), "__self__", None)
    return owner if hasattr(owner, "who_has") else None


def _futures(array):
    from distributed import futures_of

    return futures_of(array)


def _wait(arrays):
    from distributed import wait

    wait(list(arrays))
