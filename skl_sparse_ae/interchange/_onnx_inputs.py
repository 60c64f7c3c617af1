"""The inputs of ONNX graphs: their names, their dtypes, and the example they follow.

skl2onnx computes in the dtype of the first input, rewrites names that are no
identifiers, and knows few dtypes. So graphs are made for inputs of one dtype, float32
or float64. Then the names and dtypes of the example are put before them.
"""

import numpy as np
from scipy import sparse

from .._optional import import_optional


class Inputs:
    """The inputs of a graph that is converted for an example.

    Parameters
    ----------
    X : array-like, sparse matrix or DataFrame of shape (n_samples, n_features)
        Each named column of a DataFrame is an input; other rows are one.
    """

    def __init__(self, X):
        names = list(getattr(X, "columns", []))
        if names and _are_names(names):
            rows = X[:1]
            self._dtypes = {name: _dtype(rows[name], name) for name in names}
            self._n_columns = 1
        else:
            X = X if sparse.issparse(X) else np.asarray(X)
            self._dtypes = {"X": _dtype(X, "X")}
            self._n_columns = X.shape[1]
        numeric = {d for d in self._dtypes.values() if d.kind != "O"}
        self._dtype = np.float32 if numeric == {np.dtype(np.float32)} else np.float64

    def initial_types(self):
        """Return the names and types that skl2onnx converts for."""
        types = import_optional("skl2onnx.common.data_types", "onnx")
        number = (
            types.FloatTensorType
            if self._dtype == np.float32
            else types.DoubleTensorType
        )
        return [
            (name, (types.StringTensorType if d.kind == "O" else number)(self._shape))
            for name, d in self._dtypes.items()
        ]

    def restore(self, model):
        """Give the inputs of a graph the names and dtypes of the example."""
        helper = import_optional("onnx.helper", "onnx")
        graph = model.graph
        used = {name for node in graph.node for name in (*node.input, *node.output)}
        inner = [value.name for value in graph.input]
        new = {}
        for name in [*inner, *(used & set(self._dtypes))]:
            new.setdefault(name, _unused(name, used | set(self._dtypes)))
            used.add(new[name])
        _rename(graph, new)
        casts = []
        for value, name, dtype in zip(
            graph.input, self._dtypes, self._dtypes.values(), strict=True
        ):
            kind = value.type.tensor_type
            to = kind.elem_type
            if dtype.kind != "O":
                kind.elem_type = helper.np_dtype_to_tensor_dtype(dtype)
            casts.append(helper.make_node("Cast", [name], [new[value.name]], to=to))
            value.name = name
        nodes = [*casts, *graph.node]
        del graph.node[:]
        graph.node.extend(nodes)
        return model

    @property
    def _shape(self):
        return [None, self._n_columns]


def _are_names(names):
    """Whether these are different strings."""
    return all(isinstance(n, str) for n in names) and len(set(names)) == len(names)


def _dtype(array, name):
    """Return the dtype of an input, native and known to ONNX; object for strings."""
    array = array if sparse.issparse(array) else np.asarray(array)
    dtype = array.dtype.newbyteorder("=")
    if dtype.kind in "biuf":
        return np.dtype(np.float64) if dtype.itemsize > 8 else dtype
    if all(isinstance(value, str) for value in np.ravel(array)):
        return np.dtype(object)
    raise ValueError(
        f"{name} is of dtype {array.dtype}; inputs of ONNX graphs are numbers or "
        "strings."
    )


def _unused(name, used):
    """Return a name that is not used yet."""
    while name in used:
        name += "_"
    return name


def _rename(graph, new):
    """Give values of a graph new names, also in graphs inside of nodes."""
    for value in graph.output:
        value.name = new.get(value.name, value.name)
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [new.get(name, name) for name in names]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _rename(attribute.g, new)
