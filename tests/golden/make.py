"""Write the golden files: python -m tests.golden.make

They are what this version writes and computes. Make them anew where a change of numbers
is meant, and say so in CHANGELOG.md. Files of released versions are kept beside them.
"""

import json
import pickle
import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from skl_sparse_ae import ConvSparseAutoencoder, SparseAutoencoder, interchange

FOLDER = Path(__file__).parent
X = load_digits().data[:300] / 16
# All that training depends on is given, so that only its mathematics is tested, and not
# the choice of defaults.
COMMON = {
    "n_components": 8,
    "rho": 0.2,
    "beta": 0.05,
    "alpha": 0.001,
    "tol": 0.0,
    "batch_size": 50,
    "learning_rate_init": 0.01,
    "random_state": 0,
}
TABLE = {
    f"{penalty} {solver} {other}": {
        **COMMON,
        "penalty": penalty,
        "solver": solver,
        "max_iter": 15,
        **{
            "plain": {},
            "tied": {"tied_weights": True},
            "logistic output": {"out_activation": "logistic"},
            "masking": {"corruption": "masking"},
        }[other],
    }
    for penalty in ("kl", "l1", "topk", "contractive", None)
    for solver in ("lbfgs", "adam")
    for other in ("plain", "tied", "logistic output", "masking")
}
IMAGES = ["patches", "images"]
SAVED = {
    **COMMON,
    "penalty": "topk",
    "out_activation": "identity",
    "solver": "adam",
    "max_iter": 5,
}


def results(settings):
    """Numbers that a change of the mathematics would change."""
    autoencoder = SparseAutoencoder(**settings).fit(X)
    code = autoencoder.transform(X)
    return {
        "score": autoencoder.score(X),
        "objective": autoencoder.objective(X),
        "first J": autoencoder.loss_curve_[0],
        "mean code": float(np.mean(code)),
        "mean square of weights": float(np.mean(autoencoder.components_**2)),
    }


def results_of_images(train_on):
    """The same of kernels of images."""
    settings = {**COMMON, "n_components": 4, "kernel_size": 3, "max_iter": 15}
    autoencoder = ConvSparseAutoencoder(train_on=train_on, **settings).fit(X[:100])
    return {
        "score": autoencoder.score(X[:100]),
        "objective": autoencoder.objective(X[:100]),
        "first J": autoencoder.loss_curve_[0],
        "mean code": float(np.mean(autoencoder.transform(X[:100]))),
    }


def saved_estimator():
    """A small estimator whose stream goes on."""
    return SparseAutoencoder(**SAVED).fit(X[:, 20:26]).partial_fit(X[:, 20:26])


def main():
    warnings.simplefilter("ignore")
    table = {name: results(settings) for name, settings in TABLE.items()}
    (FOLDER / "table.json").write_text(json.dumps(table, indent=1) + "\n")
    images = {train_on: results_of_images(train_on) for train_on in IMAGES}
    (FOLDER / "images.json").write_text(json.dumps(images, indent=1) + "\n")
    estimator = saved_estimator()
    code = estimator.transform(X[:10, 20:26])
    (FOLDER / "code.json").write_text(json.dumps(code.tolist()) + "\n")
    (FOLDER / "model.pickle").write_bytes(pickle.dumps(estimator, protocol=4))
    interchange.save_safetensors(estimator, FOLDER / "model.safetensors")
    interchange.save_saelens(estimator, FOLDER / "saelens")
    import skops.io

    skops.io.dump(estimator, FOLDER / "model.skops")


if __name__ == "__main__":
    main()
