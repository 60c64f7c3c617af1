"""The order of the examples: how one would read them."""

from pathlib import Path

ORDER = [
    "grid_search_sparsity.py",
    "plot_digits_against_pca.py",
    "plot_alternatives.py",
    "plot_penalties.py",
    "plot_defaults.py",
    "plot_natural_patches.py",
    "plot_natural_kernels.py",
    "plot_k_sparse_strokes.py",
    "plot_stacked_digits.py",
    "plot_convolutional.py",
    "plot_table_units.py",
    "plot_text_topics.py",
    "plot_embeddings.py",
    "plot_denoising.py",
    "plot_anomalies.py",
    "plot_incomplete_tables.py",
    "plot_zeros_and_ones.py",
    "plot_counts.py",
    "plot_larger_than_memory.py",
]


def key(filename):
    """Place of an example in the gallery; those that are not listed come last."""
    name = Path(filename).name
    return (ORDER.index(name) if name in ORDER else len(ORDER)), name
