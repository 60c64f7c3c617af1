"""Features of the alternatives: how good for a classifier, and how long it takes.

    python benchmarks/alternatives.py      # writes alternatives.json, ten minutes

Everyone has the same rows and as many features as PCA has components; the protocol is
that of `defaults.py`: five folds, logistic regression on standardised features. The
loop in PyTorch minimises the J of a default fit with Adam as PyTorch sets it and
batches of 256 rows, and is judged after several numbers of epochs. Seconds are those of
work on one core, which the other work of a busy machine changes least. Needs `pip
install ".[pytorch]"`. `pages.py` draws the file into the documentation.
"""

import json
import time
import warnings
from datetime import date
from pathlib import Path

import defaults
import numpy as np
from reporting import machine
from scipy.special import expit
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import NMF, PCA, MiniBatchDictionaryLearning
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from skl_sparse_ae import SparseAutoencoder

RESULTS = Path(__file__).with_suffix(".json")
TABLES = ("digits", "MNIST, 5000 rows")
EPOCHS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
BATCH = 256


class MLPAutoencoder(TransformerMixin, BaseEstimator):
    """MLPRegressor trained to output its input; the code is computed by hand."""

    def __init__(self, n_components):
        self.n_components = n_components

    def fit(self, X, y=None):
        self.network_ = MLPRegressor(
            hidden_layer_sizes=(self.n_components,), max_iter=1000, random_state=0
        ).fit(X, X)
        return self

    def transform(self, X):
        network = self.network_
        return np.maximum(X @ network.coefs_[0] + network.intercepts_[0], 0)


def centred_dictionary(k):
    learner = MiniBatchDictionaryLearning(k, random_state=0)
    return make_pipeline(StandardScaler(with_std=False), learner)


CANDIDATES = {
    "SparseAutoencoder": lambda k: SparseAutoencoder(k, random_state=0),
    "PCA": lambda k: PCA(k, random_state=0),
    "NMF": lambda k: NMF(k, init="nndsvda", random_state=0),
    "MiniBatchDictionaryLearning": centred_dictionary,
    "MLPRegressor(X, X)": MLPAutoencoder,
}


def accuracy(code, y, train, test):
    """Of logistic regression on the standardised code."""
    scaled = StandardScaler().fit(code[train]).transform(code)
    model = LogisticRegression(max_iter=3000).fit(scaled[train], y[train])
    return model.score(scaled[test], y[test])


def measure(features, X, y, train, test):
    """Accuracy and seconds to fit on one fold."""
    start = time.process_time()
    features.fit(X[train])
    seconds = time.process_time() - start
    return accuracy(features.transform(X), y, train, test), seconds


def measure_pytorch(like, X, y, train, test):
    """Accuracy and seconds after each number of epochs, with the J of a fit."""
    import torch

    torch.manual_seed(0)
    rows = torch.tensor(X[train])
    encoder = torch.nn.Linear(X.shape[1], like.n_components)
    decoder = torch.nn.Linear(like.n_components, X.shape[1])
    adam = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()])
    directions = torch.tensor(decay_directions(like), dtype=rows.dtype)
    rho, seconds, results = like.penalty_.rho, 0.0, []
    for epoch in range(1, EPOCHS[-1] + 1):
        start = time.process_time()
        for batch in torch.randperm(len(rows)).split(BATCH):
            x = rows[batch]
            code = torch.sigmoid(encoder(x))
            s = code.mean(dim=0)
            loss = ((decoder(code) - x) ** 2).sum(dim=1).mean() / 2
            loss = loss + like.alpha_[0] / 2 * (encoder.weight**2).sum()
            loss = loss + ((encoder.weight @ directions.T) ** 2).sum() / 2
            loss = loss + like.alpha_[1] / 2 * (decoder.weight**2).sum()
            divergence = rho * torch.log(rho / s)
            divergence = divergence + (1 - rho) * torch.log((1 - rho) / (1 - s))
            loss = loss + like.beta_ * divergence.sum()
            adam.zero_grad()
            loss.backward()
            adam.step()
        seconds += time.process_time() - start
        if epoch in EPOCHS:
            W, b = (p.detach().numpy() for p in (encoder.weight, encoder.bias))
            code = expit(X @ W.T + b)
            results.append((accuracy(code, y, train, test), seconds))
    return results


def decay_directions(fitted):
    """D in the decay of a fit; without such a term, no rows."""
    if fitted.decay_directions_ is None:
        return np.empty((0, fitted.n_features_in_))
    return fitted.decay_directions_


def rounded(values):
    """Nested lists of numbers in four digits."""
    if np.ndim(values):
        return [rounded(value) for value in values]
    return float(f"{values:.4g}")


def measure_table(name):
    """Accuracy and seconds by candidate and fold; for PyTorch, by epoch too."""
    X, y = defaults.load(name)
    results = {kind: [] for kind in [*CANDIDATES, "PyTorch"]}
    for train, test in defaults.folds(y):
        k = min(defaults.N_COMPONENTS, X.shape[1], len(train) - 1)
        for kind, make in CANDIDATES.items():
            features = make(k)
            results[kind].append(measure(features, X, y, train, test))
            print(name, kind, results[kind][-1], flush=True)
            if kind == "SparseAutoencoder":
                ours = features
        results["PyTorch"].append(measure_pytorch(ours, X, y, train, test))
        print(name, "PyTorch", results["PyTorch"][-1], flush=True)
    return {kind: rounded(values) for kind, values in results.items()}


def main():
    """Measure."""
    import torch

    warnings.simplefilter("ignore", ConvergenceWarning)
    torch.set_num_threads(1)
    with threadpool_limits(1):
        tables = {name: measure_table(name) for name in TABLES}
    results = {
        "date": str(date.today()),
        "machine": machine(),
        "torch": torch.__version__,
        "epochs": EPOCHS,
        "tables": tables,
    }
    RESULTS.write_text(json.dumps(results) + "\n")


if __name__ == "__main__":
    main()
