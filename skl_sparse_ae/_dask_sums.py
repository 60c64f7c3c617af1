"""Sums over the row blocks of Dask arrays, made where the blocks are.

Only sums travel, not rows. In which order numbers are added up depends on how the rows
are cut and on the workers that there are when a fit begins, never on where a block is
or which task ends first: a fit can be repeated to the last bit, and the loss of a
worker, whose blocks Dask then computes again elsewhere, changes nothing.
"""

import operator
from collections import Counter, defaultdict
from functools import reduce
from itertools import accumulate, chain, count
from uuid import uuid4

import dask
import numpy as np
from dask.base import get_scheduler
from dask.delayed import Delayed
from dask.highlevelgraph import HighLevelGraph

from ._blocks import Team

# How many results are added up at a time.
FAN_IN = 8
# The fraction of a task's blocks that may have to be fetched from other workers. Where
# more would have to be, they are made tasks of their own.
STRAY = 1 / 8


class Crew(Team):
    """The workers as they are when a fit begins, and a team of this process's threads.

    Attributes
    ----------
    workers : list of (str, int)
        Addresses and numbers of threads, in a fixed order: addresses differ from one
        cluster to the next, so numbers of threads come first.
    """

    def __init__(self):
        super().__init__()
        cluster = _client()
        if cluster is None:
            n_threads = dask.config.get("num_workers", None) or dask.system.CPU_COUNT
            self.workers = [(None, n_threads)]
        else:
            threads = cluster.nthreads().items()
            self.workers = sorted(threads, key=lambda item: item[::-1]) or [(None, 1)]

    def portions(self, lengths):
        """Blocks for each thread of each worker, given their numbers of rows.

        A thread has neighbouring blocks, with about as many rows as any other, and a
        worker's threads are neighbours. Blocks without rows are left out.
        """
        n_threads = [n for _, n in self.workers]
        stops = np.cumsum(lengths)
        middles = stops - np.asarray(lengths) / 2
        thread_of = (middles * sum(n_threads) / stops[-1]).astype(int)
        blocks = [[] for _ in range(sum(n_threads))]
        for block in np.flatnonzero(lengths).tolist():
            blocks[thread_of[block]].append(block)
        bounds = zip(n_threads, accumulate(n_threads), strict=True)
        workers = [blocks[stop - n : stop] for n, stop in bounds]
        return [[blocks for blocks in threads if blocks] for threads in workers]


def keep_in_memory(*arrays):
    """Dask arrays, cut alike along their rows, computed and kept by the workers.

    Rows that have yet to be loaded go to the workers in order, so that neighbours,
    which are added up first, are together. Others stay where they are.
    """
    cluster, crew = _client(), Crew()
    if len(crew.workers) == 1 or any(_futures(array) for array in arrays):
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
    crew : Crew or None
        Whose threads each add up their portion, in one go where it is on one worker.
    """

    def __init__(self, *arrays, crew=None):
        self._arrays = [array for array in arrays if array is not None]
        self._keys = [None if array is None else _keys(array) for array in arrays]
        lengths = arrays[0].chunks[0]
        if crew is None:
            self._plan = _nest([i] for i in np.flatnonzero(lengths).tolist())
        else:
            holders = _holders(arrays[0])
            self._plan = _nest(
                tuple(_plan(_nest(blocks), holders) for blocks in threads)
                for threads in crew.portions(lengths)
                if threads
            )

    def sum(self, function):
        """The sum of ``function(number, *blocks)`` over the blocks, on the client.

        `number` is that of the block; `blocks` are those of the arrays, None where an
        array is None. The function travels to each worker once.
        """
        name = f"sum-{uuid4().hex}"
        function_key, numbers = (name, "function"), count()
        layer = {function_key: function}

        def add(part):
            """Add the tasks for a part of the plan; the key of their result."""
            key = (name, next(numbers))
            if isinstance(part, tuple):
                layer[key] = (_sum_of_sums, [add(branch) for branch in part])
            else:
                columns = [keys and [keys[i] for i in part] for keys in self._keys]
                layer[key] = (_sum_of_blocks, function_key, part, columns)
            return key

        top = add(self._plan)
        graph = HighLevelGraph.from_collections(name, layer, dependencies=self._arrays)
        # Dask warns of large graphs, such as those with many parameters. But what is
        # kept on a worker instead, as it advises, is lost with it.
        threshold = {"distributed.admin.large-graph-warning-threshold": "1 PiB"}
        with dask.config.set(threshold):
            return Delayed(top, graph, layer=name).compute()


def _sum_of_blocks(function, numbers, columns):
    """What one task does: it adds up as several tasks would."""

    def total(part):
        if isinstance(part, tuple):
            return _sum_of_sums(map(total, part))
        blocks = (column and column[part] for column in columns)
        return function(numbers[part], *blocks)

    return total(_nest(range(len(numbers))))


def _sum_of_sums(sums):
    return reduce(operator.add, sums)


def _nest(items):
    """A tree of tuples, none longer than `FAN_IN`, over the items."""
    items = tuple(items)
    while len(items) > FAN_IN:
        items = tuple(items[i : i + FAN_IN] for i in range(0, len(items), FAN_IN))
    return items


def _plan(tree, holders):
    """A tree of blocks, with lists of them in the place of parts on one worker."""
    blocks = _leaves(tree)
    counts = Counter(chain.from_iterable(holders.get(i, ()) for i in blocks))
    n_together = max(counts.values(), default=0)
    if len(blocks) == 1 or n_together >= (1 - STRAY) * len(blocks):
        return blocks
    return tuple(_plan(branch, holders) for branch in tree)


def _leaves(tree):
    if not isinstance(tree, tuple):
        return [tree]
    return [leaf for branch in tree for leaf in _leaves(branch)]


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
