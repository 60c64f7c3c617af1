"""Common representation of the autoencoders of libraries for language models.

The libraries have rectified units and linear outputs. Their names W_enc, b_enc, W_dec
and b_dec stand for `encoder_coef_`, `encoder_intercept_`, `components_` and
`decoder_intercept_`. Some files have encoders of ``x - b_dec`` instead of ``x``, or
codes that are multiplied by the norms of the units; the parameters are then changed so
that they give the same result.
"""

from typing import NamedTuple

import numpy as np
from sklearn.base import clone

from .._arrays._array_api import to_numpy
from .._arrays._norms import row_norms
from .._penalties._batch_topk import BatchTopK
from .._penalties._jumprelu import JumpReLU
from .._penalties._none import NoPenalty
from .._penalties._topk import TopK
from .._penalties._winner_take_all import WinnerTakeAll
from .._sparse_autoencoder import SparseAutoencoder, check_autoencoder
from ._files import check_array


class Rectified(NamedTuple):
    """The autoencoder ``max(x W_enc + b_enc, 0) W_dec + b_dec`` with a selection.

    Attributes
    ----------
    W_enc : array of shape (n_features, n_components)
    b_enc : array of shape (n_components,)
    W_dec : array of shape (n_components, n_features)
    b_dec : array of shape (n_features,)
    k : float or None
        Number of activations that each row keeps, the largest ones; with a
        `threshold`, their mean number. None if all are kept, or with thresholds
        whose number is not known.
    threshold : float, array of shape () or (n_components,), or None
        Rows keep activations above this threshold instead of the k largest.
    widths : tuple of int or None
        Numbers of units of nested reconstructions in training; see
        `matryoshka_widths_` of the estimator.
    """

    W_enc: np.ndarray
    b_enc: np.ndarray
    W_dec: np.ndarray
    b_dec: np.ndarray
    k: float | None = None
    threshold: float | np.ndarray | None = None
    widths: tuple | None = None

    @classmethod
    def of(cls, estimator, library):
        """Return the representation of a fitted estimator.

        Parameters
        ----------
        estimator : SparseAutoencoder
        library : str
            Name of the library that will read it, for error messages.

        Raises
        ------
        ValueError
            If the libraries have no equivalent of the activation or the penalty.
        """
        check_autoencoder(estimator)
        _check_activations(estimator, library)
        arrays = (
            estimator.encoder_coef_,
            estimator.encoder_intercept_,
            estimator.components_,
            estimator.decoder_intercept_,
        )
        widths = getattr(estimator, "matryoshka_widths_", None)
        selection = _selection(estimator, library)
        return cls(*map(to_numpy, arrays), **selection, widths=widths)

    def check(self):
        """Return a copy with arrays of one dtype, after checks of shapes and values."""
        if np.ndim(self.W_enc) != 2:
            raise ValueError(f"W_enc has the shape {self.W_enc.shape}, of no matrix.")
        n_features, n_components = self.W_enc.shape
        shapes = {
            "W_enc": (n_features, n_components),
            "b_enc": (n_components,),
            "W_dec": (n_components, n_features),
            "b_dec": (n_features,),
        }
        if self.threshold is not None:
            shapes["threshold"] = (n_components,) if self.threshold.ndim else ()
        bounds = [0, *(self.widths or ())]
        is_increasing = sorted(set(bounds)) == bounds
        if not is_increasing or (self.widths and bounds[-1] != n_components):
            raise ValueError(
                f"The widths of nested reconstructions are {bounds[1:]}; they must "
                f"increase to the number of units, {n_components}."
            )
        dtype = np.result_type(np.float32, *self[:4])
        arrays = {
            name: check_array(getattr(self, name), name, shape, dtype)
            for name, shape in shapes.items()
        }
        return self._replace(**arrays)

    def to_estimator(self):
        """Return an equivalent fitted estimator."""
        n_features, n_components = self.W_enc.shape
        penalty = self._penalty()
        penalty_to_train = clone(penalty)
        if isinstance(penalty, JumpReLU):
            penalty_to_train.set_params(beta="adaptive")
        estimator = SparseAutoencoder(
            n_components,
            penalty=None if isinstance(penalty, NoPenalty) else penalty_to_train,
            activation="relu",
            alpha=0.0,
            matryoshka_widths=None if self.widths is None else list(self.widths),
        )
        fitted = {
            "n_features_in_": n_features,
            "encoder_coef_": self.W_enc,
            "encoder_intercept_": self.b_enc,
            "components_": self.W_dec,
            "decoder_intercept_": self.b_dec,
            "activation_": "relu",
            "out_activation_": "identity",
            "tied_weights_": False,
            "matryoshka_widths_": self.widths,
            "penalty_": penalty,
            "alpha_": (0.0, 0.0),
            "decay_directions_": None,
            "beta_": float(getattr(penalty, "beta", 0.0)),
        }
        for name, value in fitted.items():
            setattr(estimator, name, value)
        return estimator

    def _penalty(self):
        """Return the penalty object with the same selection."""
        n_components = self.W_enc.shape[1]
        keeps_all = self.k is None or self.k >= n_components
        fraction = {} if keeps_all else {"rho": float(self.k / n_components)}
        if self.threshold is None:
            penalty = NoPenalty() if keeps_all else TopK(**fraction)
        elif np.all(self.threshold == np.ravel(self.threshold)[0]):
            penalty = BatchTopK(**fraction)
            penalty.threshold_ = float(np.ravel(self.threshold)[0])
        else:
            # Files do not contain the weight of the number of active units.
            penalty = JumpReLU(**fraction, beta=0.0)
            penalty.threshold_ = self.threshold
        penalty._validate_params()
        return penalty

    def fold_b_dec(self):
        """Convert the parameters of an encoder of ``x - b_dec`` to one of ``x``."""
        return self._replace(b_enc=self._shifted_intercepts(-1))

    def unfold_b_dec(self):
        """Convert the parameters of an encoder of ``x`` to one of ``x - b_dec``."""
        return self._replace(b_enc=self._shifted_intercepts(1))

    def fold_norms(self):
        """Multiply the code by the norms of the rows of W_dec, and scale these to one.

        Units whose norm is zero are then never active.
        """
        norms = row_norms(self.W_dec)[:, 0]
        divisors = np.where(norms > 0, norms, 1)
        return self._replace(
            W_enc=self.W_enc * norms,
            b_enc=self.b_enc * norms,
            W_dec=self.W_dec / divisors[:, None],
        )

    def _shifted_intercepts(self, sign):
        b_dec, W_enc = (a.astype(np.float64) for a in (self.b_dec, self.W_enc))
        return (self.b_enc + sign * (b_dec @ W_enc)).astype(self.b_enc.dtype)


def _check_activations(estimator, library):
    for name, known in [("activation_", "relu"), ("out_activation_", "identity")]:
        if getattr(estimator, name) != known:
            raise ValueError(
                f"{library} has rectified units and linear outputs only, and this "
                f"estimator has {name}={getattr(estimator, name)!r} instead of "
                f"{known!r}. save_safetensors and to_onnx write every activation."
            )


def _selection(estimator, library):
    """Return a dict with `k` and `threshold` of a penalty that selects."""
    penalty = estimator.penalty_
    if not penalty.selects:
        return {}
    n_components = estimator.components_.shape[0]
    if isinstance(penalty, BatchTopK):
        threshold = getattr(penalty, "threshold_", 0.0)
        return {"k": penalty.n_active(n_components), "threshold": threshold}
    if isinstance(penalty, WinnerTakeAll) and not penalty.transform_selects:
        raise ValueError(
            f"{library} encodes as in training, and {penalty} transforms otherwise. "
            "Use penalty_.set_params(transform_selects=True) first."
        )
    if isinstance(penalty, JumpReLU | WinnerTakeAll):
        return {"k": penalty.rho * n_components, "threshold": penalty.threshold_}
    if not isinstance(penalty, TopK):
        raise ValueError(
            f"{library} does not know how {penalty} selects activations; it knows "
            "TopK, BatchTopK, JumpReLU and WinnerTakeAll."
        )
    if penalty.transform_soft or penalty.transform_factor != 1:
        raise ValueError(
            f"{library} encodes with the k units that were trained, and {penalty} "
            "transforms otherwise. Use penalty_.set_params(transform_factor=1.0, "
            "transform_soft=False) first."
        )
    return {"k": penalty.n_active(n_components)}
