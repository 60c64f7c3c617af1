"""
=================
Tables with holes
=================

Measurements of 569 tumours in 30 named columns, of which three in ten are missing. A
sparse autoencoder is fitted to what is there, fills the holes, and names the rows that
do not fit in, with the columns that make them unusual.
"""

# %%
# Fill the holes
# --------------
# Entries are hidden at random, so that what is filled in can be compared with the
# truth. `StandardScaler` leaves NaN alone, and ``missing_values=np.nan`` tells the
# autoencoder that they are missing. Training alternates with reconstructing them, so
# that the encoder sees ever better values in their place. Errors are root mean squares
# over the hidden entries, in standard deviations of the columns.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import SparseAutoencoder
from skl_sparse_ae.display import RowLossDisplay

table = load_breast_cancer(as_frame=True).data
hidden = np.random.RandomState(0).uniform(size=table.shape) < 0.3
scaler = StandardScaler().set_output(transform="pandas")
incomplete = scaler.fit_transform(table.mask(hidden))
truth = scaler.transform(table).to_numpy()

autoencoder = SparseAutoencoder(missing_values=np.nan, random_state=0).fit(incomplete)
filled = {
    "column means": SimpleImputer().fit_transform(incomplete),
    "KNNImputer": KNNImputer().fit_transform(incomplete),
    "SparseAutoencoder": np.asarray(autoencoder.impute(incomplete)),
}


def error(table):
    """Root mean squared error over the hidden entries of each column."""
    squares = np.where(hidden, (table - truth) ** 2, np.nan)
    return np.sqrt(np.nanmean(squares, axis=0))


for name, values in filled.items():
    print(f"{name:17}: {np.sqrt(np.mean((values - truth)[hidden] ** 2)):.3f}")

# %%
# Which columns can be filled
# ---------------------------
# Radius, perimeter and area nearly determine each other, and are filled best. The less
# a column resembles others, such as smoothness and symmetry, the less is gained over
# its mean.

order = np.argsort(error(filled["SparseAutoencoder"]))
fig, ax = plt.subplots(figsize=(7, 7), layout="constrained")
for (name, values), marker in zip(filled.items(), "|xo", strict=True):
    ax.plot(error(values)[order], range(len(order)), marker, label=name)
ax.set_yticks(range(len(order)), table.columns[order])
ax.invert_yaxis()
ax.grid(axis="x", alpha=0.3)
ax.set(xlabel="Error of filled entries, in standard deviations", xlim=(0, None))
ax.legend()
plt.show()

# %%
# Which rows do not fit in, and why
# ---------------------------------
# Rows in which the autoencoder reconstructs the entries that are there worst. The bars
# are ``-autoencoder.score_samples(incomplete)``, divided among the columns. Missing
# entries have no loss.

display = RowLossDisplay.from_estimator(autoencoder, incomplete, n_rows=8)
plt.show()

# %%
# The worst row in its own units, beside its reconstruction. A value can be far above
# the median of its column, and unusual because the other values of the row let one
# expect even more.

row = display.rows[0]
code = autoencoder.transform(incomplete.iloc[[row]])
expected = scaler.inverse_transform(autoencoder.inverse_transform(code))[0]
print(f"{'row ' + str(row):24} measured  expected  median of the column")
for column in np.argsort(-display.losses[0])[:3]:
    values = table.iloc[row, column], expected[column], table.iloc[:, column].median()
    print("{:24} {:8.4f} {:9.4f} {:21.4f}".format(table.columns[column], *values))
