"""Files of this package: tensors and settings in the safetensors format."""

from .._replacing import replacing
from ._files import errors_name, read_tensors, write_tensors
from ._settings import from_arrays_and_json, to_arrays_and_json

#: Key of the settings in the header of a file.
HEADER = "skl_sparse_ae"


def save_safetensors(estimator, path):
    """Write a fitted autoencoder to a file in the safetensors format.

    Works with every activation and penalty of this package. The tensors have the names
    of the fitted arrays; parameters and other attributes are in the header, as JSON.

    Parameters
    ----------
    estimator : SparseAutoencoder
        A fitted estimator.

    path : str or path-like
        File to write. Its name usually ends in ``.safetensors``.

    Raises
    ------
    TypeError
        If a parameter cannot be written as JSON, that is, a RandomState instance or a
        user-defined penalty.

    See Also
    --------
    load_safetensors : Read the file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder
    >>> from skl_sparse_ae.interchange import load_safetensors, save_safetensors
    >>> X = load_digits().data / 16
    >>> autoencoder = SparseAutoencoder(32, random_state=0).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_safetensors(autoencoder, Path(folder) / "digits.safetensors")
    ...     loaded = load_safetensors(Path(folder) / "digits.safetensors")
    >>> bool((loaded.transform(X) == autoencoder.transform(X)).all())
    True
    """
    arrays, settings = to_arrays_and_json(estimator)
    with replacing(path) as (new,):
        write_tensors(arrays, new, metadata={HEADER: settings})


def load_safetensors(path):
    """Read an autoencoder from a file that `save_safetensors` has written.

    Parameters
    ----------
    path : str or path-like
        File to read.

    Returns
    -------
    estimator : SparseAutoencoder
        A fitted estimator with the same parameters, public attributes and results.

    Raises
    ------
    ValueError
        If the file was not written by `save_safetensors`, or a value in it is not
        allowed.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder
    >>> from skl_sparse_ae.interchange import load_safetensors, save_safetensors
    >>> X = load_digits().data / 16
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "digits.safetensors"
    ...     save_safetensors(SparseAutoencoder(32, random_state=0).fit(X), path)
    ...     load_safetensors(path)
    SparseAutoencoder(n_components=32, random_state=0)
    """
    tensors, metadata = read_tensors(path)
    if HEADER not in metadata:
        raise ValueError(
            f"{path} has no settings of skl_sparse_ae in its header. load_saelens "
            "reads the folders of that library."
        )
    with errors_name(path):
        return from_arrays_and_json(tensors, metadata[HEADER])
