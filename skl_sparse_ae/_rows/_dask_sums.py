"""Sums over the row blocks of Dask arrays, made where the blocks are.

Only sums travel, not rows. In which order numbers are added up is settled when a fit
begins: the loss of a worker, whose blocks Dask then computes again elsewhere, changes
nothing, not even the last bit. Where blocks are loaded for the fit, the order depends
on how the rows are cut and on the numbers of workers and threads only, so that another
fit gives the same bits, too.
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

# How many results are added up at a time.
FAN_IN = 8


# The fraction of a task's blocks that may have to be fetched from other workers.
STRAY = 1 / 4


class Crew(Team):
    """The workers as they are when a fit begins, and a team of this process's threads.

    Attributes
    ----------
    workers : list of (str, int)
        Addresses and numbers of threads, in a fixed order: addresses differ from one
        cluster to the next, so numbers of threads come first. None without a cluster.
    """

    def __init__(self):
        super().__init__()
        cluster = _client()
        threads = {} if cluster is None else cluster.nthreads()
        self.workers = sorted(threads.items(), key=lambda item: item[::-1])
        self._plans = {}

    def plan(self, array):
        """A tree of tuples over lists of the blocks that one task each adds up.

        It stays the same when blocks are no longer where they were.
        """
        if array.name not in self._plans:
            self._plans[array.name] = self._make_plan(array.chunks[0], _holders(array))
        return self._plans[array.name]

    def _make_plan(self, lengths, holders):
        if not (holders and self.workers):
            return _nest([i] for i in np.flatnonzero(lengths).tolist())
        shares = self.shares(lengths, holders)
        workers = (tuple(filter(None, threads)) for threads in shares)
        return _nest(filter(None, workers))

    def portions(self, lengths):
        """Blocks for each thread of each worker, given their numbers of rows.

        A thread has neighbouring blocks, with about as many rows as any other, and a
        worker's threads are neighbours. Blocks without rows are left out.
        """
        n_threads = [n for _, n in self.workers]
        blocks = _cut(np.flatnonzero(lengths).tolist(), lengths, sum(n_threads))
        bounds = zip(n_threads, accumulate(n_threads), strict=True)
        return [blocks[stop - n : stop] for n, stop in bounds]

    def shares(self, lengths, holders):
        """The same, for blocks that the workers have in memory.

        `holders` are the addresses of who has a block. Each worker has its own blocks,
        if these are not neighbours.
        """
        portions = self.portions(lengths)
        if all(_are_together(b, holders) for b in chain.from_iterable(portions)):
            return portions
        n_threads = dict(self.workers)
        blocks_of = defaultdict(list)
        for block in np.flatnonzero(lengths).tolist():
            candidates = holders.get(block) or n_threads
            owner = min(candidates, key=lambda a: (len(blocks_of[a]), a))
            blocks_of[owner].append(block)
        shares = [
            _cut(blocks, lengths, n_threads.get(address, 1))
            for address, blocks in blocks_of.items()
        ]
        return sorted(shares, key=lambda threads: min(chain.from_iterable(threads)))


def _cut(blocks, lengths, n_parts):
    """Parts of a list of blocks that have about as many rows each."""
    lengths = np.array([lengths[block] for block in blocks])
    stops = np.cumsum(lengths)
    middles = stops - lengths / 2
    parts = [[] for _ in range(n_parts)]
    for block, part in zip(blocks, middles * n_parts / stops[-1], strict=True):
        parts[int(part)].append(block)
    return parts


def _are_together(blocks, holders):
    """Whether most of some blocks are on one worker."""
    counts = Counter(chain.from_iterable(holders.get(i, ()) for i in blocks))
    return max(counts.values(), default=0) >= (1 - STRAY) * len(blocks)


def keep_in_memory(*arrays):
    """Dask arrays, cut alike along their rows, computed and kept by the workers.

    Rows that have yet to be loaded go to the workers in order, so that neighbours,
    which are added up first, are together. Others stay where they are.
    """
    cluster, crew = _client(), Crew()
    if len(crew.workers) < 2 or any(_futures(array) for array in arrays):
        return dask.persist(*arrays)
    arrays = dask.optimize(*arrays)
    homes = _homes(arrays, crew)
    with dask.annotate(
        workers=lambda key: homes.get(_block(key), ()), allow_other_workers=True
    ):
        arrays = dask.persist(*arrays)
    _wait(arrays)
    # Once no worker is left that a task prefers, it would wait for that one for ever
    # (as of distributed 2026.8), even if it may run on others.
    cluster.run_on_scheduler(_allow_all_workers, set(homes))
    return arrays


def _homes(arrays, crew):
    """The worker that should compute a block, for the arrays and what they depend on.

    What they depend on is cut as they are, or has no worker of its own.
    """
    lengths = arrays[0].chunks[0]
    portions = crew.portions(lengths)
    address_of = {
        block: address
        for (address, _), threads in zip(crew.workers, portions, strict=True)
        for block in chain.from_iterable(threads)
    }
    blocks = defaultdict(set)
    for key in chain.from_iterable(array.__dask_graph__() for array in arrays):
        if _block(key) is not None:
            name, block = _block(key)
            blocks[name].add(block)
    return {
        (name, block): [address]
        for name, found in blocks.items()
        if len(found) == len(lengths)
        for block, address in address_of.items()
    }


def _allow_all_workers(blocks, dask_scheduler):
    for key, task in dask_scheduler.tasks.items():
        if _block(key) in blocks:
            task.worker_restrictions = None


def _block(key):
    """Name and number of the row block that a key belongs to, or None."""
    is_block = isinstance(key, tuple) and len(key) > 1 and isinstance(key[1], int)
    return key[:2] if is_block else None


class RowBlocks:
    """Dask arrays that are cut alike along their rows, and sums over their blocks.

    Parameters
    ----------
    *arrays : dask.array.Array or None
        The first has two dimensions, and one block of columns. Blocks that the workers
        have in memory are used where they are; others are computed for each sum.
    crew : Crew
        Whose threads each add up their share of the blocks that are in memory.
    """

    def __init__(self, *arrays, crew):
        self._arrays = [array for array in arrays if array is not None]
        self._keys = [None if array is None else _keys(array) for array in arrays]
        self._plan = crew.plan(arrays[0])

    def sum(self, function):
        """The sum of ``function(number, *blocks)`` over the blocks, on the client.

        `number` is that of the block; `blocks` are those of the arrays, None where an
        array is None. The function travels to each worker once.
        """
        name = f"sum-{uuid4().hex}"
        layer = {(name, "function"): function}
        top = self._add_tasks(self._plan, layer, name)
        graph = HighLevelGraph.from_collections(name, layer, dependencies=self._arrays)
        # Dask warns of large graphs, such as those with many parameters. But what is
        # kept on a worker instead, as it advises, is lost with it.
        threshold = {"distributed.admin.large-graph-warning-threshold": "1 PiB"}
        with dask.config.set(threshold):
            return Delayed(top, graph, layer=name).compute()

    def _add_tasks(self, part, layer, name):
        """Add the tasks for a part of the plan to a graph; the key of their result."""
        if isinstance(part, tuple) and len(part) == 1:
            return self._add_tasks(part[0], layer, name)
        if isinstance(part, tuple):
            task = _sum_of_sums, [self._add_tasks(p, layer, name) for p in part]
        else:
            columns = [keys and [keys[i] for i in part] for keys in self._keys]
            task = _sum_of_blocks, (name, "function"), part, columns
        key = (name, len(layer))
        layer[key] = task
        return key


def _sum_of_blocks(function, numbers, columns):
    """What one task does: it adds up as several tasks would."""

    def result(i):
        return function(numbers[i], *(column and column[i] for column in columns))

    return _sum_of_tree(_nest(range(len(numbers))), result)


def _sum_of_tree(tree, result):
    if isinstance(tree, tuple):
        return _sum_of_sums(_sum_of_tree(branch, result) for branch in tree)
    return result(tree)


def _sum_of_sums(sums):
    return reduce(operator.add, sums)


def _nest(items):
    """A tree of tuples, none longer than `FAN_IN`, over the items."""
    items = tuple(items)
    while len(items) > FAN_IN:
        items = tuple(items[i : i + FAN_IN] for i in range(0, len(items), FAN_IN))
    return items


def _holders(array):
    """For each block that is in the workers' memory, the addresses of who has it."""
    cluster = _client()
    if cluster is None:
        return {}
    keys = _keys(array)
    _wait([array])
    futures = {future.key: future for future in _futures(array)}
    futures = [futures[key] for key in keys if key in futures]
    who_has = cluster.who_has(futures) if futures else {}
    return {i: who_has[key] for i, key in enumerate(keys) if who_has.get(key)}


def _keys(array):
    """The keys of the blocks of an array of one or two dimensions."""
    return list(dask.core.flatten(array.__dask_keys__()))


def _client():
    """The client of the cluster that computes, or None where it is this process."""
    owner = getattr(get_scheduler(), "__self__", None)
    return owner if hasattr(owner, "who_has") else None


def _futures(array):
    from distributed import futures_of

    return futures_of(array)


def _wait(arrays):
    from distributed import wait

    wait(list(arrays))
