"""Fitted autoencoders for other tools: files of tensors and JSON, and ONNX graphs.

The files hold no code and no pickled objects: tensors are in the safetensors format
[1]_, or PyTorch's for the one library that has no other, and settings are JSON, of
which every value is checked when it is read. They hold what `transform`,
`inverse_transform`, `score` and `objective` compute with. What `partial_fit` remembers
from one call to the next, which joblib and skops save, they do not: it begins anew, at
the scale of the rows that it is given first.

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
