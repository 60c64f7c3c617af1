"""Files of SAELens, a library of autoencoders for language models."""

from functools import partial
from numbers import Real
from pathlib import Path

import numpy as np

from .._sklearn import Interval, StrOptions, validate_parameter_constraints
from .._version import __version__
from ._files import (
    check_names,
    errors_name,
    read_config,
    read_tensors,
    write_folder,
    write_tensors,
)
from ._rectified import Rectified

CONFIG, WEIGHTS = "cfg.json", "sae_weights.safetensors"
ARRAYS = "W_enc", "b_enc", "W_dec", "b_dec"
# For each architecture, the name of the tensor with thresholds of the activations.
THRESHOLDS = {
    "standard": None,
    "topk": None,
    "jumprelu": "threshold",
    "batchtopk": "topk_threshold",
    "matryoshka_batchtopk": "topk_threshold",
}

DEFAULTS = {
    "architecture": "standard",
    "apply_b_dec_to_input": True,
    "normalize_activations": "none",
    "rescale_acts_by_decoder_norm": False,
    "k": None,
    "matryoshka_widths": None,
}

CONSTRAINTS = {
    "architecture": [StrOptions(set(THRESHOLDS))],
    "apply_b_dec_to_input": ["boolean"],
    "normalize_activations": [StrOptions({"none"})],
    "rescale_acts_by_decoder_norm": ["boolean"],
    "k": [Interval(Real, 0, None, closed="neither"), None],
    "matryoshka_widths": [list, None],
    # In versions before 6, with other values a "standard" architecture was another one.
    "activation_fn_str": [StrOptions({"relu"})],
}


def save_saelens(estimator, folder):
    """Write a fitted autoencoder in the format of SAELens.

    The files ``cfg.json`` and ``sae_weights.safetensors`` can be read by
    ``sae_lens.SAE.load_from_disk`` of version 6 [1]_. The architecture is "topk" with
    `TopK`; "jumprelu", with the learned thresholds, with `JumpReLU`, `WinnerTakeAll`
    and, as in that library, `BatchTopK`; and "standard" with a penalty that does not
    select activations.

    Parameters
    ----------
    estimator : SparseAutoencoder
        A fitted estimator with ``activation_="relu"`` and
        ``out_activation_="identity"``.

    folder : str or path-like
        Folder to write to. It is made if it does not exist.

    Raises
    ------
    ValueError
        If SAELens has no equivalent of the activation or the penalty.

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
        # The version whose names the settings have.
        "metadata": {"sae_lens_version": "6.0.0", "skl_sparse_ae_version": __version__},
    }
    tensors = {name: getattr(sae, name) for name in ARRAYS}
    if sae.threshold is not None:
        # SAELens ignores this k; load_saelens uses it.
        config |= {"architecture": "jumprelu", "k": sae.k}
        tensors["threshold"] = np.full_like(sae.b_enc, sae.threshold)
    elif sae.k is not None:
        config |= {"architecture": "topk", "k": sae.k}
    if sae.widths is not None:
        config["matryoshka_widths"] = list(sae.widths)  # for load_saelens only, too
    write_folder(folder, CONFIG, config, WEIGHTS, partial(write_tensors, tensors))


def load_saelens(folder):
    """Read an autoencoder in the format of SAELens.

    If its encoder subtracts the decoder intercepts from the input
    (``apply_b_dec_to_input``) or multiplies the code by the norms of the units
    (``rescale_acts_by_decoder_norm``), the parameters are changed so that `transform`
    gives the same code, up to rounding.

    Parameters
    ----------
    folder : str or path-like
        Folder with ``cfg.json`` and ``sae_weights.safetensors``, of the architecture
        "standard", "topk", "batchtopk", "matryoshka_batchtopk" or "jumprelu".

    Returns
    -------
    estimator : SparseAutoencoder
        A fitted estimator. Its penalty is :class:`JumpReLU` if the files have
        thresholds, :class:`BatchTopK` if these are the same for all units,
        :class:`TopK` if they only have a k, and otherwise None. It has no
        `mean_activation_`, `loss_curve_`, `loss_terms_` and `n_iter_`, which the files
        do not contain.

    Raises
    ------
    ValueError
        If a setting has no equivalent, such as normalised activations, or the files do
        not match.

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
    config = DEFAULTS | read_config(config_path, weights_path)
    validate_parameter_constraints(CONSTRAINTS, config, str(config_path))
    architecture = config["architecture"]
    if architecture == "topk" and config["k"] is None:
        raise ValueError(f"{config_path} lacks the k of its architecture 'topk'.")
    tensors, _ = read_tensors(weights_path)
    threshold = THRESHOLDS[architecture]
    names = ARRAYS if threshold is None else (*ARRAYS, threshold)
    check_names(tensors, names, weights_path)
    with errors_name(weights_path):
        sae = Rectified(
            *(tensors[name] for name in ARRAYS),
            k=None if architecture == "standard" else config["k"],
            threshold=tensors.get(threshold),
            widths=_widths(config["matryoshka_widths"], tensors["W_dec"]),
        ).check()
        if config["apply_b_dec_to_input"]:
            sae = sae.fold_b_dec()
        if config["rescale_acts_by_decoder_norm"]:
            sae = sae.fold_norms()
        return sae.to_estimator()


def _widths(widths, W_dec):
    """Return the widths of a configuration as a tuple that ends with all units."""
    if widths is None:
        return None
    if not all(isinstance(width, int) for width in widths):
        raise ValueError(f"matryoshka_widths={widths} must be whole numbers.")
    n_components = len(W_dec)
    return (*widths, *([n_components] if n_components not in widths else []))
