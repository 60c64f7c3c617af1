"""The folders that SAELens, a library of autoencoders for language models, reads."""

from numbers import Real
from pathlib import Path

import numpy as np

from .._sklearn import Interval, StrOptions, validate_parameter_constraints
from .._version import __version__
from ._files import (
    check_names,
    made_folder,
    read_json,
    read_tensors,
    write_json,
    write_tensors,
)
from ._rectified import Rectified

CONFIG, WEIGHTS = "cfg.json", "sae_weights.safetensors"


ARRAYS = "W_enc", "b_enc", "W_dec", "b_dec"


# The tensor, if any, that activations are compared with.
THRESHOLDS = {
    "standard": None,
    "topk": None,
    "jumprelu": "threshold",
    "batchtopk": "topk_threshold",
}


DEFAULTS = {
    "architecture": "standard",
    "apply_b_dec_to_input": True,
    "normalize_activations": "none",
    "rescale_acts_by_decoder_norm": False,
    "k": None,
}


CONSTRAINTS = {
    "architecture": [StrOptions(set(THRESHOLDS))],
    "apply_b_dec_to_input": ["boolean"],
    "normalize_activations": [StrOptions({"none"})],
    "rescale_acts_by_decoder_norm": ["boolean"],
    "k": [Interval(Real, 0, None, closed="neither"), None],
    # Of versions before 6, where it made a "standard" architecture another one.
    "activation_fn_str": [StrOptions({"relu"})],
}


def save_saelens(estimator, folder):
    """Write a fitted autoencoder as SAELens reads it.

    The folder gets ``cfg.json`` and ``sae_weights.safetensors``, for
    ``sae_lens.SAE.load_from_disk`` of version 6 [1]_. `TopK` becomes the architecture
    "topk"; `BatchTopK`, with its threshold, "jumprelu", as in that library; a penalty
    that does not select, "standard".

    Parameters
    ----------
    estimator : SparseAutoencoder
        Fitted, with rectified units and a linear output.

    folder : str or path-like
        Folder to write to, made if it does not exist.

    Raises
    ------
    ValueError
        When SAELens has no counterpart of the activation or the penalty.

    References
    ----------
    .. [1] https://github.com/decoderesearch/SAELens

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder
    >>> from skl_sparse_ae.interchange import load_saelens, save_saelens
    >>> X = load_digits().data / 16
    >>> autoencoder = SparseAutoencoder(32, penalty="topk", random_state=0).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_saelens(autoencoder, folder)
    ...     loaded = load_saelens(folder)
    >>> bool((loaded.transform(X) == autoencoder.transform(X)).all())
    True
    """
    sae = Rectified.of(estimator, "SAELens")
    n_features, n_components = sae.W_enc.shape
    config = {
        "architecture": "standard",
        "d_in": n_features,
        "d_sae": n_components,
        "dtype": sae.W_enc.dtype.name,
        "device": "cpu",
        "apply_b_dec_to_input": False,
        "normalize_activations": "none",
        "reshape_activations": "none",
        # Before version 6, settings had other names.
        "metadata": {"sae_lens_version": "6.0.0", "skl_sparse_ae_version": __version__},
    }
    tensors = {name: getattr(sae, name) for name in ARRAYS}
    if sae.threshold is not None:
        # SAELens has no k here and passes over it; load_saelens takes it.
        config |= {"architecture": "jumprelu", "k": sae.k}
        tensors["threshold"] = np.full_like(sae.b_enc, sae.threshold)
    elif sae.k is not None:
        config |= {"architecture": "topk", "k": sae.k}
    folder = made_folder(folder)
    write_tensors(tensors, folder / WEIGHTS)
    write_json(config, folder / CONFIG)


def load_saelens(folder):
    """Read an autoencoder that SAELens, or `save_saelens`, has written.

    Where the encoder subtracts the decoder's intercepts from its input
    (``apply_b_dec_to_input``) or activations have the norms of their units in them
    (``rescale_acts_by_decoder_norm``), that becomes part of the parameters: `transform`
    gives the same activations, to rounding.

    Parameters
    ----------
    folder : str or path-like
        With ``cfg.json`` and ``sae_weights.safetensors``, of the architecture
        "standard", "topk", "batchtopk" or "jumprelu".

    Returns
    -------
    estimator : SparseAutoencoder
        Fitted, with the penalty :class:`TopK`, with :class:`BatchTopK` where there are
        thresholds, or with None. It has no `mean_activation_`, `loss_curve_`,
        `loss_terms_` and `n_iter_`, which the files do not tell.

    Raises
    ------
    ValueError
        When a setting has no counterpart, such as normalised activations, or the files
        do not fit each other.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder, TopK
    >>> from skl_sparse_ae.interchange import load_saelens, save_saelens
    >>> X = load_digits().data / 16
    >>> autoencoder = SparseAutoencoder(32, penalty=TopK(0.25), random_state=0).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_saelens(autoencoder, folder)
    ...     load_saelens(folder).penalty_.n_active(32)
    8
    """
    config_path, weights_path = Path(folder, CONFIG), Path(folder, WEIGHTS)
    config = DEFAULTS | read_json(config_path)
    validate_parameter_constraints(CONSTRAINTS, config, str(config_path))
    architecture = config["architecture"]
    if architecture == "topk" and config["k"] is None:
        raise ValueError(f"{config_path} lacks the k of its architecture 'topk'.")
    tensors, _ = read_tensors(weights_path)
    threshold = THRESHOLDS[architecture]
    names = ARRAYS if threshold is None else (*ARRAYS, threshold)
    check_names(tensors, names, weights_path)
    sae = Rectified(
        *(tensors[name] for name in ARRAYS),
        k=None if architecture == "standard" else config["k"],
        threshold=tensors.get(threshold),
    ).checked()
    if config["apply_b_dec_to_input"]:
        sae = sae.fold_b_dec()
    if config["rescale_acts_by_decoder_norm"]:
        sae = sae.fold_norms()
    return sae.to_estimator()
