"""
==============
Zeros and ones
==============

The squared error suits measurements. For columns of zeros and ones there is
``loss="log_loss"``, with which reconstructions are probabilities. (For counts there is
``loss="poisson"``, with which they are rates.)
"""

# %%
# Digits in black and white
# -------------------------
# Fits by both losses, with 16 units, with the default penalty and without one. With
# squared errors, reconstructions can be any numbers; with the log loss they end in a
# logistic function.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from skl_sparse_ae import SparseAutoencoder

ink = (load_digits().data > 8).astype(float)
train, test = train_test_split(ink, test_size=0.3, random_state=0)
reconstructed = {}
for penalty in ("kl", None):
    for loss in ("squared_error", "log_loss"):
        autoencoder = SparseAutoencoder(16, penalty=penalty, loss=loss, random_state=0)
        code = autoencoder.fit(train).transform(test)
        reconstructed[penalty, loss] = autoencoder.inverse_transform(code)

# %%
# Digits that were not seen in training, and their reconstructions without a penalty,
# from black, 0 and below, to white, 1 and above:

shown = {
    "row": test,
    "squared_error": reconstructed[None, "squared_error"],
    "log_loss": reconstructed[None, "log_loss"],
}
fig, axes = plt.subplots(3, 10, figsize=(9, 3.1), layout="constrained")
for (label, images), strip in zip(shown.items(), axes, strict=True):
    for ax, image in zip(strip, images[:10], strict=True):
        ax.imshow(image.reshape(8, 8), cmap="gray", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
    strip[0].set_ylabel(label, rotation=0, ha="right", va="center")
plt.show()

# %%
# Values that are no probabilities
# --------------------------------
# All pixels of these reconstructions. Those by squared errors lie around 0 and 1, on
# both sides.

fig, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
ax.axvspan(0, 1, color="0.93", zorder=0)
for label, values in list(shown.items())[1:]:
    bins = np.linspace(-0.8, 1.8, 105)
    ax.hist(values.ravel(), bins, histtype="step", log=True, label=label)
ax.set(xlabel="Reconstruction of a pixel", ylabel="Number of pixels")
ax.legend()
plt.show()

# %%
# What is gained
# --------------
# The mean cross-entropy of a pixel is what the log loss minimises in training. Squared
# errors have one only if they are clipped to a margin inside of 0 and 1, here the one
# of a few that is best for these very rows. A pixel is wrong if the more probable of 0
# and 1 is not its value. Without a penalty the log loss gains much. With the default
# penalty on so few units it does not: there, squared errors are a little better.

MARGINS = [1e-6, 0.001, 0.003, 0.01, 0.03, 0.1]


def cross_entropy(values):
    """Mean cross-entropy of a pixel, with the best margin."""
    return min(
        log_loss(test.ravel(), np.clip(values, margin, 1 - margin).ravel())
        for margin in MARGINS
    )


print("penalty  loss           outside of [0, 1]  cross-entropy  wrong")
for (penalty, loss), values in reconstructed.items():
    outside = np.mean((values < 0) | (values > 1))
    wrong = np.mean((values > 0.5) != (test > 0.5))
    entropy = cross_entropy(values)
    print(f"{penalty!s:8} {loss:14} {outside:17.0%} {entropy:14.3f} {wrong:6.1%}")
