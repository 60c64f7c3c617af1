"""Display of the distribution of the activations of each unit over the rows."""

import numpy as np

from ._checks import check_positive
from ._drawing import draw_rho, import_pyplot, one_axes
from ._reading import activation_levels, target_rho


class ActivationDensityDisplay:
    """Distribution of the activations of each unit over the rows.

    Units are drawn by rank: rank 1 has the largest mean activation. `units` has their
    indices.

    It is recommended to use :meth:`from_estimator` to create one. All parameters are
    stored as attributes.

    Parameters
    ----------
    density : ndarray of shape (n_bins, n_units)
        Fraction of the rows on which the activation of a unit is in a bin.

    edges : ndarray of shape (n_bins + 1,)
        Edges of the bins.

    means : ndarray of shape (n_units,)
        Mean activation of each unit.

    units : ndarray of shape (n_units,)
        Indices of the units, from rank 1 on.

    rho : float, default=None
        Target of the penalty for the means.

    Attributes
    ----------
    mesh_ : matplotlib QuadMesh
        The densities, as shades of a colour.

    colorbar_ : matplotlib Colorbar
        The scale of the shades.

    means_ : matplotlib StepPatch
        The means.

    line_ : matplotlib Line2D or None
        The mark at `rho`.

    ax_ : matplotlib Axes
        Axes with the densities.

    figure_ : matplotlib Figure
        Figure containing the densities.

    See Also
    --------
    MeanActivationDisplay : Histogram of one number for each unit.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder
    >>> from skl_sparse_ae.display import ActivationDensityDisplay
    >>> X = load_digits().data / 16
    >>> autoencoder = SparseAutoencoder(50, rho=0.1, random_state=0).fit(X)
    >>> display = ActivationDensityDisplay.from_estimator(autoencoder, X)
    >>> display.density.shape
    (40, 50)
    """

    def __init__(self, *, density, edges, means, units, rho=None):
        self.density = density
        self.edges = edges
        self.means = means
        self.units = units
        self.rho = rho

    def plot(self, ax=None, *, cmap="Blues"):
        """Draw each unit as a column of shades, darker where there are more rows.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw in. None creates a new figure.

        cmap : str or matplotlib Colormap, default="Blues"
            Colour map of the fractions, on a logarithmic scale.

        Returns
        -------
        display : ActivationDensityDisplay
            The display itself.
        """
        plt = import_pyplot()
        ax = one_axes(ax, plt)
        sides = np.arange(self.density.shape[1] + 1) + 0.5  # around ranks, from 1
        self.mesh_ = ax.pcolormesh(
            sides,
            self.edges,
            np.ma.masked_equal(self.density, 0),
            cmap=cmap,
            norm=plt.matplotlib.colors.LogNorm(vmax=1),
        )
        self.colorbar_ = ax.figure.colorbar(
            self.mesh_, ax=ax, label="Fraction of the rows"
        )
        self.means_ = ax.stairs(
            self.means, sides, baseline=None, color="tab:orange", lw=2, label="mean"
        )
        self.line_ = draw_rho(ax.axhline, self.rho)
        ax.locator_params(axis="x", integer=True)
        ax.set(xlabel="Rank of the unit by mean activation", ylabel="Activation")
        ax.legend(loc="upper right")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    @classmethod
    def from_estimator(
        cls, estimator, X, *, n_bins=40, n_units=None, ax=None, **plot_params
    ):
        """Draw the activations of a fitted estimator on the rows of X.

        The absolute values of activations are used; those of tanh are mapped to (0, 1)
        instead, as "kl" does. `rho` is marked with "kl".

        Parameters
        ----------
        estimator : object
            Fitted estimator with `transform`.

        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        n_bins : int, default=40
            Number of bins from zero to the largest activation.

        n_units : int, default=None
            Number of units to draw, the most active ones. None draws all.

        ax : matplotlib Axes, default=None
            Axes to draw in. None creates a new figure.

        **plot_params : dict
            Additional parameters of :meth:`plot`.

        Returns
        -------
        display : ActivationDensityDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If a parameter is invalid.
        """
        import_pyplot()
        check_positive("n_bins", n_bins)
        if n_units is not None:
            check_positive("n_units", n_units)
        levels = activation_levels(estimator, X)
        means = levels.mean(axis=0)
        units = np.argsort(-means, kind="stable")[:n_units]
        edges = np.linspace(0, levels.max() or 1.0, n_bins + 1)
        counts = [np.histogram(levels[:, unit], edges)[0] for unit in units]
        display = cls(
            density=np.transpose(counts) / len(levels),
            edges=edges,
            means=means[units],
            units=units,
            rho=target_rho(estimator, "mean"),
        )
        return display.plot(ax=ax, **plot_params)
