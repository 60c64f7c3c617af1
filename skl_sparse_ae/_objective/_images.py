"""The objective for images."""

import numpy as np

from ._dense import DenseObjective
from ._image_range import ImageRange


class ImageObjective(DenseObjective):
    """J and its gradient over images in an array, for a `ConvNetwork`."""

    range_class = ImageRange

    def _blocks(self, part):
        return self.network.image_blocks(
            part.start, part.stop, self.dtype.itemsize, self.block_bytes
        )

    def _code_weights(self):
        """One weight for each row of a code, which is one position."""
        if self._sample_weight is None:
            return None
        return np.repeat(self._sample_weight, self.network.n_positions)
