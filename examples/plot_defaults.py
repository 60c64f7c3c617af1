"""
=============================================
One parameter, two aims: features or pictures
=============================================

``rho``, the mean activation that each unit should have, decides what units are good
for. The default, ``rho="auto"``, follows the numbers of rows and units and is meant for
features. Units that can be read one by one need many rows and a smaller ``rho``.
"""

# %%
# 20000 squares of 8 x 8 pixels from the two photographs that come with scikit-learn. A
# filter in the frequency domain makes coarse and fine detail vary alike, as in the
# :doc:`example on natural images <plot_natural_patches>`. There are 48 units, and all
# parameters but ``rho`` have their default values.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_images

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.display import UnitImageDisplay

rng = np.random.default_rng(0)
patches = []
for photograph in load_sample_images().images:
    grey = photograph.mean(axis=2)
    f = np.hypot(*np.meshgrid(*map(np.fft.fftfreq, grey.shape), indexing="ij"))
    filtered = np.fft.ifft2(np.fft.fft2(grey) * f * np.exp(-((2.56 * f) ** 4))).real
    windows = np.lib.stride_tricks.sliding_window_view(filtered, (8, 8))
    row, column = (rng.integers(n, size=10_000) for n in windows.shape[:2])
    patches.append(windows[row, column].reshape(-1, 64))
X = np.concatenate(patches)
X -= X.mean(axis=1, keepdims=True)

# %%
# With so many rows, ``rho="auto"`` is 3 / 48, so that about three units are active, and
# few of the 48 are edges. With 0.02 many are, and less variance is explained. With 0.3,
# which is what "auto" stands for where there are about three rows for each unit, the
# most is explained and no unit can be read.

fig, axes = plt.subplots(1, 3, figsize=(10, 2.8), layout="constrained")
for ax, rho in zip(axes, [0.3, "auto", 0.02], strict=True):
    autoencoder = SparseAutoencoder(48, rho=rho, random_state=0).fit(X)
    score = autoencoder.score(X)
    print(f"rho={autoencoder.penalty_.rho:.2f}: variance explained {score:.2f}")
    UnitImageDisplay.from_estimator(
        autoencoder, image_shape=(8, 8), n_units=48, n_columns=8, ax=ax
    )
    ax.set_title(f"rho={rho}, {score:.2f} explained")
plt.show()
