"""
=====================================
Reading the units of a table, by name
=====================================

Each unit of a sparse autoencoder can be looked at: which columns it writes, which rows
activate it, which classes these belong to, and whether another seed would have found it
too. This example does all of that for measurements of cells from 569 tumours, 30
columns with names.
"""

# %%
# Two units for each row
# ----------------------
# The columns have different units of measurement, so they are standardised. Of eight
# units each row may use two. The names of the columns come from the data frame.

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
# What they write
# ---------------
# The largest weights of each unit: what it adds to a row, in standard deviations, when
# it is active by 1. Where signs differ, a unit makes some columns larger and others
# smaller.

UnitFeatureDisplay.from_estimator(autoencoder, n_units=8, n_features=6, n_columns=2)
plt.show()

# %%
# Whom they speak of
# ------------------
# The classes had no part in training. Still, some units are active almost only on
# malignant tumours and others on benign ones. ``enrichment`` is how much more frequent
# a class is where the unit is active than in the whole table; p-values are adjusted for
# the number of comparisons.

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
# What becomes of a row without one
# ---------------------------------
# ``steer`` reconstructs rows with some activations changed. Here is the row that
# activates unit 0 most, its reconstruction, and the reconstruction with the unit
# switched off.

unit = 0
row = X.iloc[[first_rows[unit]]]
as_it_is = steer(autoencoder, row, unit, factor=1)
without = steer(autoencoder, row, unit, factor=0)

fig, axes = plt.subplots(2, 1, figsize=(8, 6.5), layout="constrained", sharex=True)
for ax, reconstruction in zip(axes, (as_it_is, without), strict=True):
    ReconstructionDisplay(
        originals=row.to_numpy(),
        reconstructions=reconstruction,
        feature_names=X.columns.to_numpy(),
    ).plot(ax=[ax])
    ax.set_title("", loc="right")
axes[0].set_title("as it is")
axes[1].set_title("without unit 0")
plt.show()

# %%
# The data's units, or the seed's?
# --------------------------------
# Four fits with other seeds, their units matched by their cosines. A unit that all fits
# find belongs to the data. What counts as chance is a fit to the same columns, each
# shuffled by itself.

report = stability_report(autoencoder, X, n_fits=4, random_state=0)
print(report)

# %%
# All of it on one page
# ---------------------
# ``html_report`` makes a page with a card for each unit, to search and sort. A notebook
# shows it as it is shown here; ``save`` writes it to a file.

html_report(autoencoder, X, diagnosis)
