"""The folders that dictionary_learning, another library for language models, reads."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from .._optional import import_optional
from ._files import check_names, made_folder, read_json, widened, write_json
from ._rectified import Rectified

CONFIG, WEIGHTS = "config.json", "ae.pt"


class _Class(NamedTuple):
    """What a class of that library holds.

    `arrays` are what it calls W_enc, b_enc, W_dec and b_dec; those of layers are
    transposed. `subtracts` is whether it encodes ``x - b_dec``.
    """

    arrays: tuple
    subtracts: bool = False
    selection: tuple = ()


_LAYERS = "encoder.weight", "encoder.bias", "decoder.weight"


CLASSES = {
    "AutoEncoder": _Class((*_LAYERS, "bias"), subtracts=True),
    "AutoEncoderNew": _Class((*_LAYERS, "decoder.bias")),
    "AutoEncoderTopK": _Class((*_LAYERS, "b_dec"), True, ("k", "threshold")),
    "BatchTopKSAE": _Class((*_LAYERS, "b_dec"), True, ("k", "threshold")),
    "JumpReluAutoEncoder": _Class(
        ("W_enc", "b_enc", "W_dec", "b_dec"), selection=("threshold",)
    ),
}


def save_dictionary_learning(estimator, folder):
    """Write a fitted autoencoder as dictionary_learning reads it.

    The folder gets ``config.json`` and ``ae.pt``, for that library's
    ``utils.load_dictionary`` [1]_. `TopK` becomes an "AutoEncoderTopK", whose encoder
    subtracts the decoder's intercepts first, for which its own make up; `BatchTopK`,
    with its threshold, a "JumpReluAutoEncoder"; a penalty that does not select, an
    "AutoEncoderNew". Needs PyTorch.

    Parameters
    ----------
    estimator : SparseAutoencoder
        Fitted, with rectified units and a linear output.

    folder : str or path-like
        Folder to write to, made if it does not exist.

    Raises
    ------
    ValueError
        When the library has no counterpart of the activation or the penalty.

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
    if sae.threshold is not None:
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
    folder = made_folder(folder)
    state = {key: torch.tensor(np.array(value)) for key, value in state.items()}
    torch.save(state, folder / WEIGHTS)
    write_json({"trainer": trainer}, folder / CONFIG)


def load_dictionary_learning(folder):
    """Read an autoencoder that dictionary_learning has written.

    Where the encoder subtracts the decoder's intercepts from its input, that becomes
    part of its own: `transform` gives the same activations, to rounding. Needs PyTorch,
    which reads ``ae.pt`` with ``weights_only=True``: tensors, and no code.

    Parameters
    ----------
    folder : str or path-like
        With ``config.json`` and ``ae.pt``, of the class "AutoEncoder",
        "AutoEncoderNew", "AutoEncoderTopK", "BatchTopKSAE" or "JumpReluAutoEncoder".

    Returns
    -------
    estimator : SparseAutoencoder
        Fitted, as `load_saelens` gives it.

    Raises
    ------
    ValueError
        When the class has no counterpart, or the files do not fit each other.

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
    name = _class_name(config_path)
    names, subtracts, selection = CLASSES[name]
    state = torch.load(weights_path, map_location="cpu", weights_only=True)
    check_names(state, {*names, *selection}, weights_path)
    state = _transpose_layers({key: _to_numpy(state[key], torch) for key in state})
    sae = Rectified(
        *(state[key] for key in names),
        k=state.get("k"),
        # That class keeps its threshold for other purposes.
        threshold=None if name == "AutoEncoderTopK" else state.get("threshold"),
    ).checked()
    return (sae.fold_b_dec() if subtracts else sae).to_estimator()


def _class_name(path):
    trainer = read_json(path).get("trainer")
    name = trainer.get("dict_class") if isinstance(trainer, dict) else None
    if name not in list(CLASSES):
        raise ValueError(
            f"{path} has dict_class={name!r} under 'trainer'; it must be one of "
            f"{sorted(CLASSES)}."
        )
    return name


def _transpose_layers(state):
    return {
        key: array.T if key.endswith(".weight") else array
        for key, array in state.items()
    }


def _to_numpy(tensor, torch):
    if tensor.dtype == torch.bfloat16:  # which NumPy has not
        tensor = tensor.float()
    return widened(tensor.numpy())
