"""
=============================
Interpreting units of a table
=============================

This example interprets the units of a sparse autoencoder: which columns a unit changes,
which rows activate it, to which classes these belong, and whether fits with other seeds
find it, too. The data are measurements of cells from 569 tumours, in 30 named columns.
"""

# %%
# Two units for each row
# ----------------------
# The columns have different scales, so they are standardised. There are eight units, of
# which two are active for each row. The names of the columns come from the data frame.

import matplotlib.pyplot as plt
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from skl_sparse_ae import SparseAutoencoder, TopK, stability_report
from skl_sparse_ae.display import ReconstructionDisplay, UnitFeatureDisplay
from skl_sparse_ae.inspection import label_enrichment, steer, top_activating
from skl_sparse_ae.metrics import dead_units
from skl_sparse_ae.report import html_report

data = load_breast_cancer(as_frame=True)
X = StandardScaler().set_output(transform="pandas").fit_transform(data.data)
diagnosis = data.target_names[data.target]
autoencoder = SparseAutoencoder(
    8, penalty=TopK(rho=2 / 8), tied_weights=True, random_state=0
)
code = autoencoder.fit_transform(X)
pca = PCA(3).fit(X)
print(f"units that no row uses: {dead_units(code).sum()}")
print(f"variance explained: {autoencoder.score(X):.3f}")
for n, explained in enumerate(pca.explained_variance_ratio_.cumsum(), start=1):
    print(f"by {n} principal component(s): {explained:.3f}")

# %%
# What each unit adds to a row
# ----------------------------
# The largest weights of each unit: what an activation of 1 adds to the columns, in
# standard deviations. A unit with weights of both signs makes some columns larger and
# others smaller.

UnitFeatureDisplay.from_estimator(autoencoder, n_units=8, n_features=6, n_columns=2)
plt.show()

# %%
# Which classes activate it
# -------------------------
# The classes were not used in training. Still, some units are active almost only on
# malignant tumours and others almost only on benign ones. ``enrichment`` is the share
# of a class among the rows on which the unit is active, divided by its share of the
# whole table; p-values are adjusted for the number of comparisons.

enrichment = label_enrichment(autoencoder, X, diagnosis)
first_rows = top_activating(autoencoder, X, n=1).indices[:, 0]
malignant = list(enrichment.classes).index("malignant")
print("unit  active on  malignant  enrichment  adjusted p  most active on row")
columns = zip(
    range(8),
    enrichment.n_active,
    enrichment.counts[:, malignant],
    enrichment.enrichment[:, malignant],
    enrichment.adjusted_pvalues[:, malignant],
    first_rows,
    strict=True,
)
for values in columns:
    print("{:4} {:10} {:10} {:11.2f} {:11.1g} {:19}".format(*values))

# %%
# A reconstruction without a unit
# -------------------------------
# ``steer`` reconstructs rows with some activations changed. Here are the row that
# activates unit 0 most, its reconstruction, and the reconstruction with unit 0 switched
# off.

unit = 0
row = X.iloc[[first_rows[unit]]]
unchanged = steer(autoencoder, row, unit, factor=1)
without = steer(autoencoder, row, unit, factor=0)

fig, axes = plt.subplots(2, 1, figsize=(8, 6.5), layout="constrained", sharex=True)
for ax, reconstruction in zip(axes, (unchanged, without), strict=True):
    ReconstructionDisplay(
        originals=row.to_numpy(),
        reconstructions=reconstruction,
        feature_names=X.columns.to_numpy(),
    ).plot(ax=[ax])
    ax.set_title("", loc="right")
axes[0].set_title("with unit 0")
axes[1].set_title("without unit 0")
plt.show()

# %%
# Do other seeds find the same units?
# -----------------------------------
# ``stability_report`` makes four fits with different seeds and matches their units by
# their cosines. A unit that all fits find is a property of the data. The second column
# is the level of chance: fits to a table whose columns were shuffled independently.

report = stability_report(autoencoder, X, n_fits=4, random_state=0)
print(report)

# %%
# All of it on one page
# ---------------------
# ``html_report`` makes a page with a card for each unit, which can be searched and
# sorted. A notebook shows it as here; ``save`` writes it to a file.

html_report(autoencoder, X, diagnosis)
