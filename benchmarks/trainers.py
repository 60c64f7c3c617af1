"""Known features beside SAELens and dictionary_learning: one row of a table.

    python benchmarks/trainers.py LIBRARY PENALTY DATA LENGTH SEED [SEED ...]

LIBRARY is "skl_sparse_ae", "sae_lens" or "dictionary_learning", the last two with their
own trainers; PENALTY is "batch_topk", "jumprelu" or "matryoshka"; DATA is "independent"
or "hierarchy". LENGTH is the number of steps, of 1024 rows, of the other libraries, and
of epochs at most of this one. Each SEED, of which there are at least two, is one of the
data and of the fit; cells are means over them, with the standard deviation behind "±".
100000 rows in float32, 256 columns, 512 features, five of which are active in a row on
average; measures are of 10000 further rows. Seconds are of the processor, for one
thread. The learning rates, warm-ups and batch sizes of the other libraries are those
that they recommend for generated data, or their defaults; the warm-ups of
dictionary_learning are a fourth of the steps, where that is less.
"""

import sys
import time
import warnings
from pathlib import Path

import numpy as np

from skl_sparse_ae import SparseAutoencoder, metrics
from skl_sparse_ae.datasets import make_sparse_features

N_TRAIN, N_TEST, N_COLUMNS, N_UNITS, K = 100_000, 10_000, 256, 512, 5
BATCH_SIZE, WIDTHS = 1024, [32, 64, 128, 256, 512]
#: In the hierarchy: numbers of parents, and of the children of each.
N_PARENTS, N_CHILDREN = 128, 3


def rows(data, seed):
    """Training rows, test rows, the codes of these, and the features."""
    options = {"n_active": K}
    if data == "hierarchy":
        parents = np.full(N_UNITS, -1)
        parents[N_PARENTS:] = np.repeat(np.arange(N_PARENTS), N_CHILDREN)
        # Half of the active features are children.
        frequencies = np.where(parents < 0, K / 2 / N_PARENTS, 1 / N_CHILDREN)
        options = {"parents": parents, "frequencies": frequencies}
    X, codes, dictionary = make_sparse_features(
        N_TRAIN + N_TEST, N_UNITS, N_COLUMNS, random_state=seed, **options
    )
    X = X.astype(np.float32)
    return X[:N_TRAIN], X[N_TRAIN:], codes[N_TRAIN:], dictionary


class Batches:
    """Endless shuffled mini-batches, as the trainers of the other libraries want."""

    def __init__(self, X, seed):
        import torch

        self._X, self._at, self._torch = torch.from_numpy(X), len(X), torch
        self._generator = torch.Generator().manual_seed(seed)

    def __iter__(self):
        return self

    def __next__(self):
        if self._at + BATCH_SIZE > len(self._X):
            self._order = self._torch.randperm(len(self._X), generator=self._generator)
            self._at = 0
        indices = self._order[self._at : self._at + BATCH_SIZE]
        self._at += BATCH_SIZE
        return self._X[indices]


def by_this_library(penalty, X, seed, length):
    """Features, encoder and decoder of a fit."""
    widths = "auto" if penalty == "matryoshka" else None
    fit = SparseAutoencoder(
        N_UNITS,
        penalty="batch_topk" if widths else penalty,
        rho=K / N_UNITS,
        matryoshka_widths=widths,
        max_iter=length,
        random_state=seed,
    ).fit(X)
    return fit.components_, fit.transform, fit.inverse_transform


def by_sae_lens(penalty, X, seed, length):
    import sae_lens
    import torch
    from sae_lens.config import LoggingConfig, SAETrainerConfig
    from sae_lens.training.sae_trainer import SAETrainer

    torch.manual_seed(seed)
    name, options = {
        "batch_topk": ("BatchTopK", {"k": K}),
        "matryoshka": (
            "MatryoshkaBatchTopK",
            {"k": K, "matryoshka_widths": list(WIDTHS)},
        ),
        "jumprelu": (
            "JumpReLU",
            {"jumprelu_sparsity_loss_mode": "quadratic", "target_l0": float(K)},
        ),
    }[penalty]
    config = getattr(sae_lens, f"{name}TrainingSAEConfig")(
        d_in=N_COLUMNS, d_sae=N_UNITS, **options
    )
    sae = getattr(sae_lens, f"{name}TrainingSAE")(config)
    # Those of its function for generated data, train_toy_sae.
    trainer = SAETrainerConfig(
        n_checkpoints=0,
        checkpoint_path=None,
        save_final_checkpoint=False,
        total_training_samples=length * BATCH_SIZE,
        device="cpu",
        autocast=False,
        lr=3e-4,
        lr_end=3e-4,
        lr_scheduler_name="constant",
        lr_warm_up_steps=0,
        adam_beta1=0.9,
        adam_beta2=0.999,
        lr_decay_steps=0,
        n_restart_cycles=1,
        train_batch_size_samples=BATCH_SIZE,
        dead_feature_window=1000,
        feature_sampling_window=2000,
        logger=LoggingConfig(log_to_wandb=False, eval_every_n_wandb_logs=2**31 - 1),
        n_batches_for_norm_estimate=1000,
    )
    SAETrainer(cfg=trainer, sae=sae, data_provider=Batches(X, seed)).fit()
    sae.eval()
    norms = sae.W_dec.detach().norm(dim=-1, keepdim=True).numpy()
    if not getattr(config, "rescale_acts_by_decoder_norm", False):
        norms = np.ones_like(norms)

    def encode(rows):
        with torch.no_grad():
            rows = torch.from_numpy(rows)
            if penalty == "jumprelu":
                return sae.encode(rows).numpy()
            # With its threshold, as after training, instead of within a batch.
            z = sae.encode_with_hidden_pre(rows)[1].numpy() * norms[:, 0]
            return np.where(z > max(0.0, float(sae.topk_threshold)), z, 0)

    components = sae.W_dec.detach().numpy() / norms
    intercept = sae.b_dec.detach().numpy()
    return components, encode, lambda code: code @ components + intercept


def by_dictionary_learning(penalty, X, seed, length):
    import torch
    from dictionary_learning.trainers.batch_top_k import BatchTopKTrainer
    from dictionary_learning.trainers.jumprelu import JumpReluTrainer
    from dictionary_learning.trainers.matryoshka_batch_top_k import (
        MatryoshkaBatchTopKTrainer,
    )

    torch.manual_seed(seed)
    warm_up = min(1000, length // 4)
    common = {
        "steps": length,
        "activation_dim": N_COLUMNS,
        "dict_size": N_UNITS,
        "layer": 0,
        "lm_name": "generated",
        "device": "cpu",
        "seed": seed,
        "warmup_steps": warm_up,
        "decay_start": int(0.8 * length),
    }
    by_k = {"k": K, "threshold_start_step": warm_up}
    if penalty == "batch_topk":
        trainer = BatchTopKTrainer(**common, **by_k)
    elif penalty == "matryoshka":
        fractions = (np.diff([0, *WIDTHS]) / N_UNITS).tolist()
        trainer = MatryoshkaBatchTopKTrainer(
            group_fractions=fractions, **common, **by_k
        )
    else:
        trainer = JumpReluTrainer(
            target_l0=float(K), sparsity_warmup_steps=warm_up, **common
        )
    batches = Batches(X, seed)
    for step in range(length):
        trainer.update(step, next(batches))
    network = trainer.ae

    def without_gradient(function):
        def call(array):
            with torch.no_grad():
                return function(torch.from_numpy(array)).numpy()

        return call

    is_layer = hasattr(network, "decoder")
    components = network.decoder.weight.T if is_layer else network.W_dec
    encode, decode = map(without_gradient, (network.encode, network.decode))
    return components.detach().numpy(), encode, decode


TRAINERS = {
    "skl_sparse_ae": by_this_library,
    "sae_lens": by_sae_lens,
    "dictionary_learning": by_dictionary_learning,
}


def measured(library, penalty, data, length, seed):
    """Measures of one fit, in the order of the table's columns."""
    X, X_test, codes, dictionary = rows(data, seed)
    start = time.process_time()
    components, encode, decode = TRAINERS[library](penalty, X, seed, length)
    seconds = time.process_time() - start
    A = np.asarray(encode(X_test))
    return [
        metrics.mean_matched_cosine(dictionary, components),
        metrics.mean_matched_correlation(codes, A),
        metrics.feature_detection(codes, A).f1.mean(),
        metrics.variance_explained(X_test, decode(A)),
        (A.max(axis=0) <= 0).sum(),
        (A > 0).sum(axis=1).mean(),
        seconds,
    ]


def cells(values):
    """Means and standard deviations over seeds, as text."""
    means, deviations = np.mean(values, axis=0), np.std(values, axis=0, ddof=1)
    digits = [2, 2, 2, 2, 0, 1, 0]
    return [
        f"{mean:.{n}f} ± {deviation:.{n}f}"
        for mean, deviation, n in zip(means, deviations, digits, strict=True)
    ]


def main():
    if len(sys.argv) < 7:
        sys.exit(__doc__)
    warnings.simplefilter("ignore")
    # Where another `datasets` lies, of which the other libraries need their own.
    folder = str(Path(__file__).parent)
    sys.path = [path for path in sys.path if path != folder]
    library, penalty, data, length, *seeds = sys.argv[1:]
    if library != "skl_sparse_ae":
        import torch

        torch.set_num_threads(1)
    values = [
        measured(library, penalty, data, int(length), int(seed)) for seed in seeds
    ]
    print("|", " | ".join([penalty, data, library, length, *cells(values)]), "|")


if __name__ == "__main__":
    main()
