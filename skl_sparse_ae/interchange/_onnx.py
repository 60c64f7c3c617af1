"""Autoencoders as ONNX graphs, by converters that skl2onnx looks up by class."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from .._arrays._array_api import to_numpy
from .._optional import import_optional
from .._penalties._batch_topk import BatchTopK
from .._penalties._topk import TopK
from .._sparse_autoencoder import SparseAutoencoder, check_autoencoder

# What ONNX calls the activations.
OPERATORS = {"logistic": "Sigmoid", "tanh": "Tanh", "relu": "Relu"}


def to_onnx(estimator, X, **options):
    """Convert a fitted autoencoder, or a pipeline with one, to ONNX.

    The graph computes `transform`, or what the last step of the pipeline predicts, by
    way of skl2onnx [1]_, whose own functions know the autoencoder too from the first
    call on. Codes are dense. Where activations of a row tie for the last place of
    :class:`TopK`, units of lower index go first, which `transform` leaves open.

    Parameters
    ----------
    estimator : estimator object
        Fitted: a :class:`SparseAutoencoder`, or a pipeline or another composition that
        skl2onnx converts.

    X : array-like or DataFrame of shape (n_samples, n_features)
        Rows as the graph will take them; only their width and dtype matter, float64 or
        float32, to which other dtypes are converted. Of a DataFrame, each column
        becomes an input of its own.

    **options : dict
        Further arguments of ``skl2onnx.to_onnx``, such as `target_opset` or `options`.

    Returns
    -------
    model : onnx.ModelProto
        To be run, or saved by ``onnx.save``.

    Raises
    ------
    ValueError
        When a penalty of one's own selects activations: how is not known to ONNX.

    References
    ----------
    .. [1] https://onnx.ai/sklearn-onnx

    Examples
    --------
    >>> import numpy as np
    >>> import onnxruntime
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder
    >>> from skl_sparse_ae.interchange import to_onnx
    >>> X = load_digits(return_X_y=True)[0].astype(np.float32) / 16
    >>> autoencoder = SparseAutoencoder(32, random_state=0).fit(X)
    >>> model = to_onnx(autoencoder, X).SerializeToString()
    >>> session = onnxruntime.InferenceSession(model)
    >>> code = session.run(None, {"X": X})[0]
    >>> bool(np.abs(code - autoencoder.transform(X)).max() < 1e-5)
    True
    """
    check_is_fitted(estimator)
    return _convert(estimator, X if hasattr(X, "columns") else np.asarray(X), options)


def decoder_to_onnx(estimator, **options):
    """Convert `inverse_transform` of a fitted autoencoder to ONNX.

    Parameters
    ----------
    estimator : SparseAutoencoder
        Fitted.

    **options : dict
        Further arguments of ``skl2onnx.to_onnx``.

    Returns
    -------
    model : onnx.ModelProto
        Takes codes in the dtype of `components_`.

    See Also
    --------
    to_onnx : The encoder.

    Examples
    --------
    >>> import numpy as np
    >>> import onnxruntime
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder
    >>> from skl_sparse_ae.interchange import decoder_to_onnx
    >>> X = load_digits(return_X_y=True)[0].astype(np.float32) / 16
    >>> autoencoder = SparseAutoencoder(32, random_state=0).fit(X)
    >>> model = decoder_to_onnx(autoencoder).SerializeToString()
    >>> session = onnxruntime.InferenceSession(model)
    >>> session.run(None, {"X": autoencoder.transform(X)})[0].shape
    (1797, 64)
    """
    check_autoencoder(estimator)
    code = to_numpy(estimator.encoder_intercept_)[None]  # of its width and dtype
    return _convert(Decoder(estimator), code, options)


class Decoder(TransformerMixin, BaseEstimator):
    """A name for `inverse_transform` of an autoencoder, as skl2onnx knows steps."""

    def __init__(self, autoencoder):
        self.autoencoder = autoencoder


def _convert(estimator, X, options):
    skl2onnx = import_optional("skl2onnx", "onnx")
    for cls, shape, convert in [
        (SparseAutoencoder, _shape_of_code, _convert_encoder),
        (Decoder, _shape_of_rows, _convert_decoder),
    ]:
        skl2onnx.update_registered_converter(
            cls, f"SklSparseAe{cls.__name__}", shape, convert
        )
    return skl2onnx.to_onnx(estimator, X[:1], **options)


def _shape_of_code(operator):
    n_components = operator.raw_operator.components_.shape[0]
    _set_shape(operator, n_components)


def _shape_of_rows(operator):
    n_features = operator.raw_operator.autoencoder.components_.shape[1]
    _set_shape(operator, n_features)


def _set_shape(operator, n_columns):
    n_rows = operator.inputs[0].get_first_dimension()
    operator.outputs[0].type.shape = [n_rows, n_columns]


def _convert_encoder(scope, operator, container):
    autoencoder = operator.raw_operator
    graph = _Graph(operator, container.target_opset)
    code = graph.affine(autoencoder.encoder_coef_, autoencoder.encoder_intercept_)
    code = graph.activation(code, autoencoder.activation_)
    code = _select(graph, code, autoencoder)
    graph.finish(code, scope, container)


def _convert_decoder(scope, operator, container):
    autoencoder = operator.raw_operator.autoencoder
    graph = _Graph(operator, container.target_opset)
    rows = graph.affine(autoencoder.components_, autoencoder.decoder_intercept_)
    rows = graph.activation(rows, autoencoder.out_activation_)
    graph.finish(rows, scope, container)


def _select(graph, code, autoencoder):
    """What the penalty's `for_transform` leaves of a code."""
    penalty = autoencoder.penalty_
    n_components = autoencoder.components_.shape[0]
    if not penalty.selects:
        return code
    if isinstance(penalty, BatchTopK):
        threshold = getattr(penalty, "threshold_", -np.inf)
        return graph.above(code, threshold)
    if not isinstance(penalty, TopK):
        raise ValueError(
            f"How {penalty} selects activations is not known to ONNX; TopK and "
            "BatchTopK can be converted."
        )
    k = penalty.for_transform().n_active(n_components)
    if k >= n_components:
        return code
    return graph.exceeding(code, k) if penalty.transform_soft else graph.top(code, k)


class _Graph:
    """Nodes of one opset and one dtype, beginning at an operator's input."""

    def __init__(self, operator, opset):
        data_types = import_optional("skl2onnx.common.data_types", "onnx")
        self._ops = import_optional("skl2onnx.algebra.onnx_ops", "onnx")
        self._opset = opset
        self._output = operator.outputs[0]
        self._dtype = data_types.guess_numpy_type(self._output.type)
        columns = [self._node("Cast", x, to=self._dtype) for x in operator.inputs]
        self._input = columns[0]
        if len(columns) > 1:  # of a frame
            self._input = self._node("Concat", *columns, axis=1)

    def _node(self, name, *inputs, **attributes):
        node = getattr(self._ops, f"Onnx{name}")
        return node(*inputs, op_version=self._opset, **attributes)

    def _constant(self, array):
        return to_numpy(array).astype(self._dtype)

    def affine(self, weights, intercepts):
        product = self._node("MatMul", self._input, self._constant(weights))
        return self._node("Add", product, self._constant(intercepts))

    def activation(self, z, name):
        return z if name == "identity" else self._node(OPERATORS[name], z)

    def above(self, code, threshold):
        """Activations above a threshold, zero in place of the others."""
        threshold = self._constant(np.atleast_1d(threshold))
        return self._node(
            "Where", self._node("Greater", code, threshold), code, self._zero
        )

    def top(self, code, k):
        """The k largest activations of each row, zero in place of the others."""
        values, indices = self._largest(code, k)
        return self._node(
            "ScatterElements",
            self._node("Mul", code, self._zero),
            indices,
            values,
            axis=1,
        )

    def exceeding(self, code, k):
        """By how much the k largest of each row exceed the next one, otherwise zero."""
        values, _ = self._largest(code, k + 1)
        dropped = self._node("Gather", values, np.array([k]), axis=1)
        return self._node("Relu", self._node("Sub", code, dropped))

    def _largest(self, code, k):
        top = self._node("TopK", code, np.array([k]), axis=1, largest=1, sorted=1)
        return top[0], top[1]

    @property
    def _zero(self):
        return np.zeros(1, self._dtype)

    def finish(self, result, scope, container):
        """Make `result` the operator's output."""
        node = self._node("Identity", result, output_names=[self._output])
        node.add_to(scope, container)
