"""Faults at random moments, and what they must leave.

    python -m tests.faults --seconds 60 [--only interrupts ...] [--seed 0]

runs each of `FAULTS` for some seconds and prints how often it struck; `test_faults.py`
runs a few rounds. A round raises an AssertionError if something is lost, mixed or left
behind.
"""

import argparse
import os
import pickle
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_info, threadpool_limits

import skl_sparse_ae
from skl_sparse_ae import SparseAutoencoder, interchange
from skl_sparse_ae._arrays import _team
from skl_sparse_ae.report import html_report

PACKAGE = str(Path(skl_sparse_ae.__file__).parent)
X = np.random.RandomState(0).rand(600, 40)
OTHER = np.random.RandomState(1).rand(500, 30)
SETTINGS = [
    {},
    {"penalty": "l1", "tied_weights": True},
    {"solver": "adam"},
    {"penalty": "topk"},
    {"penalty": "l1", "beta": "adaptive", "solver": "adam", "early_stopping": True},
    {"penalty": "jumprelu"},
    {"penalty": "batch_topk", "early_stopping": True},
    {"loss": "poisson", "matryoshka_widths": "auto"},
    {"loss": "log_loss", "missing_values": np.nan},
]
# What writes files, of an estimator and to a path, and what reads them.
WRITERS = {
    "safetensors": (interchange.save_safetensors, interchange.load_safetensors),
    "saelens": (interchange.save_saelens, interchange.load_saelens),
    "report": (
        lambda estimator, path: html_report(estimator, X[:50], pca=False).save(path),
        lambda path: path.read_text(encoding="utf-8"),
    ),
}


def make(rng, **settings):
    settings = {**SETTINGS[rng.randint(len(SETTINGS))], **settings}
    return SparseAutoencoder(30, max_iter=10, random_state=0, **settings)


def fitted_state(estimator):
    """The attributes of an estimator apart from those of callbacks during a fit."""
    return {k: v for k, v in vars(estimator).items() if "callback" not in k}


def blas_threads():
    return [lib["num_threads"] for lib in threadpool_info()]


def check_left(estimator, before, threads, rows):
    """Check that a failed call has left the last fit, or the new one as a whole."""
    after = fitted_state(estimator)
    if after.keys() != before.keys() or any(after[k] is not before[k] for k in before):
        assert estimator.components_.shape == (30, estimator.n_features_in_)
        assert len(estimator.loss_curve_) == len(estimator.loss_terms_)
        rows = OTHER if estimator.n_features_in_ == OTHER.shape[1] else X
    assert np.isfinite(estimator.transform(rows)).all()
    assert blas_threads() == threads
    assert estimator.fit(OTHER).transform(OTHER).shape == (500, 30)


def calls_of(estimator, rng):
    """A call to disturb: of `fit` with other columns, or of another method."""
    rows = sparse.csr_array(X) if rng.rand() < 0.3 else X
    return [
        lambda: estimator.fit(OTHER),
        lambda: estimator.partial_fit(rows),
        lambda: estimator.transform(rows),
        lambda: estimator.score(rows),
    ][rng.choice(4, p=[0.5, 0.3, 0.1, 0.1])]


class Struck(BaseException):
    """Raised by what disturbs a call."""


@contextmanager
def quiet_about(*kinds):
    """Print nothing of errors that strike in a `__del__`, where Python ends them.

    What `__del__` was to do is checked afterwards, as after any other error.
    """
    previous = sys.unraisablehook
    sys.unraisablehook = lambda error: (
        None if issubclass(error.exc_type, kinds) else previous(error)
    )
    try:
        yield
    finally:
        sys.unraisablehook = previous


def disturbed_call(rng, disturb):
    """Call a method of a fitted estimator while `disturb(call)` strikes; check it."""
    threads, estimator = blas_threads(), make(rng).fit(X)
    before = fitted_state(estimator)
    call = calls_of(estimator, rng)
    is_struck = False
    try:
        with quiet_about(Struck, MemoryError):
            disturb(call)
    except (Struck, MemoryError):
        is_struck = True
    check_left(estimator, before, threads, X)
    return is_struck


def interrupts(rng):
    """A signal at a random moment, whose handler raises."""

    def strike(call):
        def handle(*_):
            raise Struck

        previous = signal.signal(signal.SIGALRM, handle)
        try:
            signal.setitimer(signal.ITIMER_REAL, rng.exponential(0.02) + 1e-5)
            call()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)

    return disturbed_call(rng, strike)


def lines(rng, error=Struck):
    """An error at a random line of the package."""
    n_left = 1 + int(rng.exponential(1500))

    def trace(frame, event, argument):
        nonlocal n_left
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        n_left -= event == "line"
        if n_left == 0:
            n_left = -1
            raise error
        return trace

    def strike(call):
        previous = sys.gettrace()  # that of a measurement of coverage
        sys.settrace(trace)
        try:
            call()
        finally:
            sys.settrace(previous)

    return disturbed_call(rng, strike)


def memory(rng):
    """No memory at a random line of the package."""
    return lines(rng, MemoryError)


class _Failing:
    """A callback that raises at some iteration."""

    def __init__(self, n):
        self.n_left = n

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        self.strike()

    def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
        self.strike()

    def strike(self):
        self.n_left -= 1
        if self.n_left == 0:
            raise Struck


def callbacks(rng):
    """An exception from a callback of scikit-learn."""
    threads, estimator = blas_threads(), make(rng).fit(X)
    before = fitted_state(estimator)
    estimator.set_callbacks(_Failing(rng.randint(1, 24)))
    try:
        estimator.fit(OTHER)
        is_struck = False
    except Struck:
        is_struck = True
    estimator.set_callbacks()
    check_left(estimator, before, threads, X)
    return is_struck


@contextmanager
def full_disk(n_bytes):
    """Let files of this process grow to some bytes only."""
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, previous)


def two_models():
    return [
        SparseAutoencoder(8, penalty="l1", max_iter=3, random_state=seed).fit(X)
        for seed in (0, 1)
    ]


def content(loaded):
    """What tells the models apart in what a reader returns."""
    return loaded if isinstance(loaded, str) else loaded.components_.tolist()


def disk(rng):
    """No space on the disk at some byte of a file."""
    save, load = list(WRITERS.values())[rng.randint(len(WRITERS))]
    old, new = two_models()
    is_struck = False
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        save(old, path)
        before = content(load(path))
        with full_disk(rng.randint(1, 6000)):
            try:
                save(new, path)
            except Exception as error:
                is_struck = "large" in str(error) or "space" in str(error)
        if is_struck:
            assert content(load(path)) == before
        assert not list(Path(folder).rglob("*.part"))
    return is_struck


KILLED = """
import pickle
from pathlib import Path
from tests.faults import WRITERS
old, new = pickle.loads(Path({models!r}).read_bytes())
save, _ = WRITERS[{name!r}]
save(old, Path({path!r}))
print("saved", flush=True)
while True:
    save(new, Path({path!r}))
    save(old, Path({path!r}))
"""


def kill(rng):
    """The process is killed while it writes."""
    name = list(WRITERS)[rng.randint(len(WRITERS))]
    save, load = WRITERS[name]
    with tempfile.TemporaryDirectory() as folder:
        path, models = Path(folder) / "model", Path(folder) / "models"
        estimators = two_models()
        models.write_bytes(pickle.dumps(estimators))
        allowed = []
        for estimator in estimators:
            save(estimator, Path(folder) / "alone")
            allowed.append(content(load(Path(folder) / "alone")))
        script = KILLED.format(name=name, path=str(path), models=str(models))
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", script],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[1],
        )
        process.stdout.readline()
        time.sleep(rng.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        try:
            assert content(load(path)) in allowed
        except ValueError as error:
            if "is not the file that was written with" not in str(error):
                raise
    return True


SHRINKING = """
import numpy as np
from skl_sparse_ae import SparseAutoencoder
X = np.load({path!r}, mmap_mode="r")
print("begins", flush=True)
for _ in range(20):
    fitted = SparseAutoencoder(8, solver="adam", max_iter=2, random_state=0).fit(X)
print(float(fitted.loss_curve_[-1]))
"""


def shrink(rng):
    """A memory map's file is cut while it is read: a right result, or no process."""
    X = rng.rand(4000, 64)
    expected = SparseAutoencoder(8, solver="adam", max_iter=2, random_state=0).fit(X)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "X.npy"
        np.save(path, X)
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", SHRINKING.format(path=str(path))],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
        )
        process.stdout.readline()
        time.sleep(rng.uniform(0, 0.3))
        os.truncate(path, 0)
        output, _ = process.communicate(timeout=120)
    if process.returncode == 0:
        assert np.isclose(float(output), expected.loss_curve_[-1])
        return False
    assert process.returncode == -signal.SIGBUS
    return True


FAULTS = {
    fault.__name__: fault
    for fault in (interrupts, lines, memory, callbacks, disk, kill, shrink)
}


@contextmanager
def threads_for_little_work():
    """Divide also the work on small tables between two threads."""
    usual = _team.WORK_PER_THREAD
    _team.WORK_PER_THREAD = 10_000
    try:
        with threadpool_limits(2, user_api="blas"):
            yield
    finally:
        _team.WORK_PER_THREAD = usual


@contextmanager
def silent_in_del():
    """Do not report what strikes inside of __del__, from where it cannot be raised."""
    previous = sys.unraisablehook

    def report(unraisable):
        if not issubclass(unraisable.exc_type, Struck | MemoryError):
            previous(unraisable)

    sys.unraisablehook = report
    try:
        yield
    finally:
        sys.unraisablehook = previous


def run(fault, seed):
    """Run a round of a fault; return whether it struck before the call had ended."""
    with threads_for_little_work(), silent_in_del(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", UserWarning)
        return FAULTS[fault](np.random.RandomState(seed))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--only", nargs="+", choices=FAULTS, default=list(FAULTS))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for fault in options.only:
        n_rounds = n_struck = 0
        end = time.monotonic() + options.seconds
        while time.monotonic() < end:
            n_struck += run(fault, options.seed + n_rounds)
            n_rounds += 1
        print(f"{fault}: {n_rounds} rounds, {n_struck} struck; nothing lost")
    time.sleep(0.1)  # until threads of the last round have ended
    n_threads = threading.active_count()
    print(f"{n_threads} thread(s), {len(os.listdir('/proc/self/fd'))} open files")


if __name__ == "__main__":
    main()
