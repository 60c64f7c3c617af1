"""Files of dictionary_learning, a library of autoencoders for language models."""

from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .._optional import import_optional
from ._files import check_names, errors_name, read_config, widen, write_folder
from ._rectified import Rectified

CONFIG, WEIGHTS = "config.json", "ae.pt"


class _Class(NamedTuple):
    """Contents of the file of tensors of a class of dictionary_learning.

    Attributes
    ----------
    arrays : tuple of str
        Names of W_enc, b_enc, W_dec and b_dec. Those of weights of layers, such as
        "encoder.weight", are transposed.
    subtracts : bool
        Whether the class encodes ``x - b_dec`` instead of ``x``.
    selection : tuple of str
        Names of further tensors: "k", "threshold" and "group_sizes".
    """

    arrays: tuple
    subtracts: bool = False
    selection: tuple = ()


_LAYERS = "encoder.weight", "encoder.bias", "decoder.weight"
_PARAMETERS = "W_enc", "b_enc", "W_dec", "b_dec"
CLASSES = {
    "AutoEncoder": _Class((*_LAYERS, "bias"), subtracts=True),
    "AutoEncoderNew": _Class((*_LAYERS, "decoder.bias")),
    "AutoEncoderTopK": _Class((*_LAYERS, "b_dec"), True, ("k", "threshold")),
    "BatchTopKSAE": _Class((*_LAYERS, "b_dec"), True, ("k", "threshold")),
    "JumpReluAutoEncoder": _Class(_PARAMETERS, selection=("threshold",)),
    "MatryoshkaBatchTopKSAE": _Class(
        _PARAMETERS, True, ("k", "threshold", "group_sizes")
    ),
}


def save_dictionary_learning(estimator, folder):
    """Write a fitted autoencoder in the format of dictionary_learning.

    The files ``config.json`` and ``ae.pt`` can be read by ``utils.load_dictionary`` of
    that library [1]_. Needs PyTorch.

    - With `TopK` they contain an "AutoEncoderTopK". Its encoder subtracts the
      decoder intercepts from the input; the encoder intercepts are changed so that
      the code is the same.
    - With `JumpReLU`, `BatchTopK` and `WinnerTakeAll` they contain a
      "JumpReluAutoEncoder" with the learned thresholds.
    - With `BatchTopK` and `matryoshka_widths` they contain a "MatryoshkaBatchTopKSAE".
    - With a penalty that does not select activations, they contain an
      "AutoEncoderNew".

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
        If the library has no equivalent of the activation or the penalty.

    References
    ----------
    .. [1] https://github.com/saprmarks/dictionary_learning

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder
    >>> from skl_sparse_ae.interchange import save_dictionary_learning
    >>> X = load_digits().data / 16
    >>> autoencoder = SparseAutoencoder(32, penalty="topk", random_state=0).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_dictionary_learning(autoencoder, folder)
    ...     sorted(path.name for path in Path(folder).iterdir())
    ['ae.pt', 'config.json']
    """
    torch = import_optional("torch", "pytorch")
    sae = Rectified.of(estimator, "dictionary_learning")
    selection = {}
    if sae.threshold is not None and sae.widths and np.ndim(sae.threshold) == 0:
        name = "MatryoshkaBatchTopKSAE"
        selection = {
            "k": np.int32(sae.k),
            "threshold": np.asarray(sae.threshold, sae.W_enc.dtype),
            "group_sizes": np.diff([0, *sae.widths]),
        }
    elif sae.threshold is not None:
        name = "JumpReluAutoEncoder"
        selection = {"threshold": np.full_like(sae.b_enc, sae.threshold)}
    elif sae.k is not None:
        name = "AutoEncoderTopK"
        # A negative threshold is one that was not learned; it is not used for encoding.
        selection = {"k": np.int32(sae.k), "threshold": np.float32(-1)}
    else:
        name = "AutoEncoderNew"
    names, subtracts, _ = CLASSES[name]
    if subtracts:
        sae = sae.unfold_b_dec()
    state = _transpose_layers(dict(zip(names, sae[:4], strict=True))) | selection
    n_features, n_components = sae.W_enc.shape
    trainer = {
        "dict_class": name,
        "activation_dim": n_features,
        "dict_size": n_components,
        "k": sae.k,
    }
    state = {key: torch.tensor(np.array(value)) for key, value in state.items()}
    write_folder(
        folder, CONFIG, {"trainer": trainer}, WEIGHTS, partial(torch.save, state)
    )


def load_dictionary_learning(folder):
    """Read an autoencoder in the format of dictionary_learning.

    If its encoder subtracts the decoder intercepts from the input, the encoder
    intercepts are changed so that `transform` gives the same code, up to rounding.
    Needs PyTorch, which reads ``ae.pt`` with ``weights_only=True``, that is, without
    running code.

    Parameters
    ----------
    folder : str or path-like
        Folder with ``config.json`` and ``ae.pt``, of the class "AutoEncoder",
        "AutoEncoderNew", "AutoEncoderTopK", "BatchTopKSAE", "MatryoshkaBatchTopKSAE"
        or "JumpReluAutoEncoder".

    Returns
    -------
    estimator : SparseAutoencoder
        A fitted estimator, as returned by `load_saelens`.

    Raises
    ------
    ValueError
        If the class has no equivalent, or the files do not match.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder, interchange
    >>> X = load_digits().data / 16
    >>> autoencoder = SparseAutoencoder(32, penalty="topk", random_state=0).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     interchange.save_dictionary_learning(autoencoder, folder)
    ...     loaded = interchange.load_dictionary_learning(folder)
    >>> bool(abs(loaded.transform(X) - autoencoder.transform(X)).max() < 1e-12)
    True
    """
    torch = import_optional("torch", "pytorch")
    config_path, weights_path = Path(folder, CONFIG), Path(folder, WEIGHTS)
    name = _class_name(read_config(config_path, weights_path), config_path)
    names, subtracts, selection = CLASSES[name]
    state = _read_state(weights_path, torch)
    check_names(state, {*names, *selection}, weights_path)
    state = _transpose_layers(state)
    with errors_name(weights_path):
        sae = Rectified(
            *(state[key] for key in names),
            k=state.get("k"),
            # AutoEncoderTopK does not encode with its threshold.
            threshold=None if name == "AutoEncoderTopK" else state.get("threshold"),
            widths=_widths(state.get("group_sizes")),
        ).check()
        return (sae.fold_b_dec() if subtracts else sae).to_estimator()


def _widths(group_sizes):
    """Return the numbers of units up to each group, or None without groups."""
    if group_sizes is None:
        return None
    return tuple(np.cumsum(np.ravel(group_sizes).astype(int)).tolist())


def _read_state(path, torch):
    """Return the tensors in a file of PyTorch as a dict of arrays."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        return {str(key): _to_numpy(tensor, torch) for key, tensor in state.items()}
    except OSError:
        raise
    except Exception as error:  # of many kinds, some with unsafe advice
        raise ValueError(
            f"{path} is no dict of tensors, or damaged ({type(error).__name__})."
        ) from error


def _class_name(config, path):
    """Return the name of the class in the configuration of a file."""
    trainer = config.get("trainer")
    name = trainer.get("dict_class") if isinstance(trainer, dict) else None
    if name not in list(CLASSES):
        raise ValueError(
            f"{path} has dict_class={name!r} under 'trainer'; it must be one of "
            f"{sorted(CLASSES)}."
        )
    return name


def _transpose_layers(state):
    """Transpose the weights of layers, of shape (n_outputs, n_inputs)."""
    return {
        key: array.T if key.endswith(".weight") else array
        for key, array in state.items()
    }


def _to_numpy(tensor, torch):
    if tensor.dtype == torch.bfloat16:  # has no equivalent in NumPy
        tensor = tensor.float()
    return widen(tensor.numpy())
