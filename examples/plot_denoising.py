"""
==============
Removing noise
==============

With ``corruption``, the encoder is given noisy rows in training, and the reconstruction
is compared with the clean ones [1]_. The result is a denoising autoencoder: it
reconstructs rows without their noise.
"""

# %%
# Noisy digits
# ------------
# The training digits are clean, with pixels in [0, 1]. The test digits have normal
# noise with standard deviation 0.3 in all pixels; their clean versions are only used to
# measure the error.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from skl_sparse_ae import SparseAutoencoder

NOISE = 0.3
X = load_digits().data / 16
X_train, X_test = train_test_split(X, test_size=0.4, random_state=0)
rng = np.random.default_rng(0)
unit_noise = rng.standard_normal(X_test.shape)
noisy = X_test + NOISE * unit_noise


def denoise(transformer, rows):
    """Encode rows and reconstruct them."""
    return transformer.inverse_transform(transformer.transform(rows))


def error(rows):
    """Root mean squared error against the clean test digits."""
    return np.sqrt(np.mean((rows - X_test) ** 2))


# %%
# Which removes most
# ------------------
# PCA removes noise, too, if it keeps only the components that are stronger than the
# noise; here it even has the number that is best on the test digits. An autoencoder
# that was trained on clean rows does as well, and one that was trained with noise does
# better.

pcas = [PCA(n, random_state=0).fit(X_train) for n in range(2, 41)]
pca = min(pcas, key=lambda pca: error(denoise(pca, noisy)))
settings = {
    "penalty": "l1",
    "solver": "adam",
    "max_iter": 300,
    "tol": 1e-3,
    "random_state": 0,
}
plain = SparseAutoencoder(200, **settings).fit(X_train)
denoising = SparseAutoencoder(
    200, corruption="gaussian", corruption_level=NOISE, **settings
).fit(X_train)

candidates = {
    f"PCA, {pca.n_components_} components": pca,
    "trained on clean rows": plain,
    f"trained with noise of {NOISE}": denoising,
}
print(f"{'noisy digits':25}: error {error(noisy):.3f}")
for name, transformer in candidates.items():
    print(f"{name:25}: error {error(denoise(transformer, noisy)):.3f}")

# %%
# Ten digits: clean, noisy, and reconstructed by each candidate.

images = {"clean": X_test, "noisy": noisy}
images |= {name: denoise(each, noisy) for name, each in candidates.items()}
fig, axes = plt.subplots(len(images), 10, figsize=(9, 5), layout="constrained")
for row, (name, rows) in zip(axes, images.items(), strict=True):
    for ax, image in zip(row, rows, strict=False):
        ax.imshow(image.reshape(8, 8), cmap="gray", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
    row[0].set_ylabel(name, rotation=0, ha="right", va="center")
plt.show()

# %%
# Other amounts of noise
# ----------------------
# The autoencoder that was trained with noise of 0.3 is the best for noise of 0.2 and
# more. For less noise the one trained on clean rows is better: set
# ``corruption_level`` to the noise that is expected.

levels = np.linspace(0, 0.5, 11)
fig, ax = plt.subplots(figsize=(6.5, 4.2), layout="constrained")
for name, transformer in candidates.items():
    errors = [
        error(denoise(transformer, X_test + level * unit_noise)) for level in levels
    ]
    ax.plot(levels, errors, "o-", label=name)
ax.plot(levels, levels, color="grey", linestyle="--", label="not denoised")
ax.set(xlabel="Standard deviation of the noise", ylabel="Error", ylim=0)
ax.grid(alpha=0.3)
ax.legend()
plt.show()

# %%
# .. [1] P. Vincent, H. Larochelle, Y. Bengio, P.-A. Manzagol, "Extracting and Composing
#    Robust Features with Denoising Autoencoders", ICML 2008.
