"""ONNX graphs of autoencoders, by converters that are registered with skl2onnx."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from .._arrays._array_api import to_numpy
from .._network._activations import Exponential
from .._optional import import_optional
from .._penalties._batch_topk import BatchTopK
from .._penalties._jumprelu import JumpReLU
from .._penalties._topk import TopK
from .._penalties._winner_take_all import WinnerTakeAll
from .._sparse_autoencoder import SparseAutoencoder, check_autoencoder
from ._onnx_inputs import Inputs

#: Names of the operators for the activation functions other than the identity.
OPERATORS = {
    "logistic": "Sigmoid",
    "tanh": "Tanh",
    "relu": "Relu",
    "exponential": "Exp",
}


def to_onnx(estimator, X, **options):
    """Convert a fitted autoencoder, or a pipeline with one, to ONNX.

    The graph computes `transform`, or the predictions of the last step of the pipeline.
    It is made by skl2onnx [1]_, whose own functions can convert autoencoders too after
    the first call of this one. Codes are dense. If activations of a row are equal and
    :class:`TopK` keeps some of them, the graph keeps those of lower index, while
    `transform` may keep others.

    Parameters
    ----------
    estimator : estimator object
        A fitted :class:`SparseAutoencoder`, or a fitted pipeline or other composite
        estimator that skl2onnx can convert.

    X : array-like, sparse matrix or DataFrame of shape (n_samples, n_features)
        Example of the input. Only its number of columns and their dtypes are used. The
        graph computes in float32 if all numbers are float32, and otherwise in float64,
        as `transform` does. Each column of a DataFrame becomes a separate input, of the
        column's name and dtype, unless names are no strings. Other rows are one input,
        called "X".

    **options : dict
        Further arguments of ``skl2onnx.to_onnx``, such as `target_opset` or `options`.

    Returns
    -------
    model : onnx.ModelProto
        The graph. ``onnx.save`` writes it to a file.

    Raises
    ------
    ValueError
        If a user-defined penalty selects activations, since there is no conversion for
        it.

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
    return _convert(_without_passthrough(estimator), X, options)


def _without_passthrough(estimator):
    """Return a fitted pipeline less the steps that do nothing, unknown to skl2onnx."""
    if not isinstance(estimator, Pipeline):
        return estimator
    steps = [
        (name, _without_passthrough(step))
        for name, step in estimator.steps
        if step not in (None, "passthrough")
    ]
    # Itself where it can stay, since `options` may refer to its id.
    return estimator if steps == estimator.steps else Pipeline(steps)


def decoder_to_onnx(estimator, **options):
    """Convert `inverse_transform` of a fitted autoencoder to ONNX.

    Parameters
    ----------
    estimator : SparseAutoencoder
        A fitted estimator.

    **options : dict
        Further arguments of ``skl2onnx.to_onnx``.

    Returns
    -------
    model : onnx.ModelProto
        The graph. Its input are codes in the dtype of `components_`.

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
    # An array with the number of columns and the dtype of a code.
    code = to_numpy(estimator.encoder_intercept_)[None]
    return _convert(Decoder(estimator), code, options)


class Decoder(TransformerMixin, BaseEstimator):
    """Placeholder for `inverse_transform`: skl2onnx registers converters by class."""

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
    inputs = Inputs(X)
    model = skl2onnx.to_onnx(
        estimator, **{"initial_types": inputs.initial_types(), **options}
    )
    return model if "initial_types" in options else inputs.restore(model)


def _shape_of_code(operator):
    n_components = operator.raw_operator.components_.shape[0]
    _set_shape(operator, n_components)


def _shape_of_rows(operator):
    n_features = operator.raw_operator.autoencoder.components_.shape[1]
    _set_shape(operator, n_features)


def _set_shape(operator, n_columns):
    types = import_optional("skl2onnx.common.data_types", "onnx")
    is_single = all(isinstance(x.type, types.FloatTensorType) for x in operator.inputs)
    output = types.FloatTensorType if is_single else types.DoubleTensorType
    n_rows = operator.inputs[0].get_first_dimension()
    operator.outputs[0].type = output([n_rows, n_columns])


def _convert_encoder(scope, operator, container):
    autoencoder = operator.raw_operator
    graph = _Graph(operator, container.target_opset)
    if "mean_" in vars(autoencoder):
        if vars(autoencoder).get("missing_fill_") == "reconstruction":
            raise ValueError(
                "With missing_fill='reconstruction' the number of times that a row is "
                "reconstructed depends on its entries, which a graph cannot say. Fit "
                "with missing_fill='mean', or convert an estimator with "
                "missing_values=None and pass it rows that impute has filled."
            )
        graph.fill(autoencoder.mean_)
    if vars(autoencoder).get("loss_") == "poisson":
        graph.log_of_one_more()
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
    """Apply the selection of the penalty to a code, as `transform` does."""
    penalty = autoencoder.penalty_
    n_components = autoencoder.components_.shape[0]
    if not penalty.for_transform().selects:
        return code
    if isinstance(penalty, BatchTopK | JumpReLU | WinnerTakeAll):
        threshold = getattr(penalty, "threshold_", -np.inf)
        return graph.above(code, threshold)
    if not isinstance(penalty, TopK):
        raise ValueError(
            f"How {penalty} selects activations is not known to ONNX; TopK, "
            "BatchTopK, JumpReLU and WinnerTakeAll can be converted."
        )
    k = penalty.for_transform().n_active(n_components)
    if k >= n_components:
        return code
    return graph.exceeding(code, k) if penalty.transform_soft else graph.top(code, k)


class _Graph:
    """Builder of nodes with a given opset and dtype, from the input of an operator."""

    def __init__(self, operator, opset):
        data_types = import_optional("skl2onnx.common.data_types", "onnx")
        self._ops = import_optional("skl2onnx.algebra.onnx_ops", "onnx")
        self._opset = opset
        self._output = operator.outputs[0]
        self._dtype = data_types.guess_numpy_type(self._output.type)
        columns = [self._node("Cast", x, to=self._dtype) for x in operator.inputs]
        self._input = columns[0]
        if len(columns) > 1:  # a DataFrame
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
        if name == "exponential":
            largest = Exponential.largest(np.empty(0, self._dtype))
            z = self._node("Min", z, self._constant(np.array([largest])))
        return z if name == "identity" else self._node(OPERATORS[name], z)

    def log_of_one_more(self):
        """Replace the input x by log(1 + x), which the encoder of counts sees."""
        one = np.ones(1, self._dtype)
        self._input = self._node("Log", self._node("Add", self._input, one))

    def fill(self, mean):
        """Replace missing entries of the input by the mean of their column."""
        is_missing = self._node("IsNaN", self._input)
        self._input = self._node(
            "Where", is_missing, self._constant(mean)[None], self._input
        )

    def above(self, code, threshold):
        """Set activations that are not above a threshold to zero."""
        threshold = self._constant(np.atleast_1d(threshold))
        return self._node(
            "Where", self._node("Greater", code, threshold), code, self._zero
        )

    def top(self, code, k):
        """Set all but the k largest activations of each row to zero."""
        values, indices = self._largest(code, k)
        return self._node(
            "ScatterElements",
            self._node("Mul", code, self._zero),
            indices,
            values,
            axis=1,
        )

    def exceeding(self, code, k):
        """Subtract the (k + 1)-th largest activation of each row, and rectify."""
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
        """Make `result` the output of the operator."""
        node = self._node("Identity", result, output_names=[self._output])
        node.add_to(scope, container)
