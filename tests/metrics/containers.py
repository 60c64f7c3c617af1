"""Array types of a code."""

import numpy as np
import pandas as pd
from scipy import sparse

CONTAINERS = [
    np.asarray,
    sparse.csr_array,
    sparse.csr_matrix,
    pd.DataFrame,
    lambda code: np.asarray(code, np.float32),
]
