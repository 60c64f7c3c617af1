"""Fitted autoencoders for other tools: files of tensors and JSON, and ONNX graphs.

The files contain no code and no pickled objects. Tensors are in the safetensors format
[1]_, or in that of PyTorch for dictionary_learning, which reads no other. Settings are
JSON, and every value is checked when a file is read.

The files contain all that `transform`, `inverse_transform` and `score` need. For
`objective`, those of `save_safetensors` also have `alpha` and `beta`; those of SAELens
and dictionary_learning do not, and after loading J is without decay and penalty. Unlike
files of joblib and skops, they do not contain the state of `partial_fit`: after
loading, it starts again, at the scale of the rows of the first call.

.. [1] https://github.com/huggingface/safetensors
"""

from ._dictionary_learning import load_dictionary_learning, save_dictionary_learning
from ._onnx import decoder_to_onnx, to_onnx
from ._saelens import load_saelens, save_saelens
from ._safetensors import load_safetensors, save_safetensors

__all__ = [
    "decoder_to_onnx",
    "load_dictionary_learning",
    "load_saelens",
    "load_safetensors",
    "save_dictionary_learning",
    "save_saelens",
    "save_safetensors",
    "to_onnx",
]
