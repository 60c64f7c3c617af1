"""How active the units are: one number for each, or its distribution over the rows."""

import numpy as np

from ._checks import check_choice, check_positive
from ._drawing import import_pyplot, one_axes
from ._reading import activation_levels, mean_activation, target


class MeanActivationDisplay:
    """Over all units, how active each is on average.

    It is recommended to use :meth:`from_estimator` to create one. All parameters are
    stored as attributes.

    Parameters
    ----------
    values : ndarray of shape (n_units,)
        The mean activation of each unit, or the fraction of the rows on which it is
        active.

    rho : float, default=None
        What the penalty wants them to be.

    xlabel : str, default=None
        What the values are.

    Attributes
    ----------
    bars_ : matplotlib BarContainer
        The histogram.

    line_ : matplotlib Line2D or None
        The mark at `rho`.

    ax_ : matplotlib Axes
        Axes with the histogram.

    figure_ : matplotlib Figure
        Figure containing the histogram.

    See Also
    --------
    ActivationDensityDisplay : How the activations of each unit vary over the rows.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder
    >>> from skl_sparse_ae.display import MeanActivationDisplay
    >>> X = load_digits().data / 16
    >>> autoencoder = SparseAutoencoder(50, rho=0.1, random_state=0).fit(X)
    >>> display = MeanActivationDisplay.from_estimator(autoencoder)
    >>> display.values.shape, display.rho
    ((50,), 0.1)
    """

    def __init__(self, *, values, rho=None, xlabel=None):
        self.values = values
        self.rho = rho
        self.xlabel = xlabel

    def plot(self, ax=None, *, bins=30, log_scale=False, **hist_params):
        """Draw a histogram over the units.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw in. None makes a new figure.

        bins : int, default=30
            Number of bins.

        log_scale : bool, default=False
            Whether the axis of the values is logarithmic. Units with the value 0 are
            then not drawn, and their number is written into the legend.

        **hist_params : dict
            Further parameters of :func:`matplotlib.pyplot.hist`.

        Returns
        -------
        display : MeanActivationDisplay
            Drawn.
        """
        plt = import_pyplot()
        check_positive("bins", bins)
        ax = one_axes(ax, plt)
        values = np.asarray(self.values)
        shown = values[values > 0] if log_scale else values
        edges = _edges(shown, self.rho, bins, log_scale)
        label = f"{len(shown)} units"
        if len(shown) < len(values):
            label += f", and {len(values) - len(shown)} at 0"
        params = {"label": label, "color": "tab:blue", "alpha": 0.7, **hist_params}
        _, _, self.bars_ = ax.hist(shown, bins=edges, **params)
        self.line_ = _mark_rho(ax.axvline, self.rho)
        if log_scale:
            ax.set_xscale("log")
        if ax.get_xscale() == "linear":
            ax.locator_params(axis="x", nbins=5)
        if ax.get_yscale() == "linear":
            ax.locator_params(axis="y", integer=True)
        ax.set(xlabel=self.xlabel, ylabel="Number of units")
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X=None,
        *,
        statistic="mean",
        threshold=0.0,
        ax=None,
        **plot_params,
    ):
        """Draw how active the units of a fitted estimator are.

        Activations count without their signs; those of tanh are mapped to (0, 1), as
        "kl" does.

        Parameters
        ----------
        estimator : object
            Fitted estimator with `mean_activation_`, or, with X, any with `transform`.

        X : {array-like, sparse matrix} of shape (n_samples, n_features), default=None
            Rows to average over. None stands for the estimator's `mean_activation_`,
            which for "contractive" is no activation: there, X is needed.

        statistic : {"mean", "frequency"}, default="mean"
            - "mean": the mean activation. `rho` is marked with "kl".
            - "frequency": the fraction of the rows of X on which the unit is active.
              `rho` is marked with "topk", "batch_topk", and "l1" with
              ``beta="adaptive"``, of which it is the mean over the units.

        threshold : float, default=0.0
            For "frequency", the activation above which a unit counts as active.
            Logistic and tanh units are never exactly at their lowest, so that with 0
            they all are.

        ax : matplotlib Axes, default=None
            Axes to draw in. None makes a new figure.

        **plot_params : dict
            Further parameters of :meth:`plot`.

        Returns
        -------
        display : MeanActivationDisplay
            Drawn.

        Raises
        ------
        ValueError
            When X is None and needed, or a parameter has no possible value.
        """
        import_pyplot()
        check_choice("statistic", statistic, ["mean", "frequency"])
        if statistic == "mean":
            values, xlabel = mean_activation(estimator, X), "Mean activation"
        elif X is None:
            raise ValueError("X=None: statistic='frequency' needs rows to count.")
        else:
            values = (activation_levels(estimator, X) > threshold).mean(axis=0)
            xlabel = "Fraction of the rows on which a unit is active"
        rho = target(estimator, statistic)
        return cls(values=values, rho=rho, xlabel=xlabel).plot(ax=ax, **plot_params)


def _mark_rho(draw_line, rho):
    """A line at rho, if there is one."""
    if rho is None:
        return None
    return draw_line(rho, color="black", linestyle="--", label=f"rho = {rho:.3g}")


def _edges(values, rho, n_bins, log_scale):
    """Edges of bins of equal width that reach as far as the values and rho."""
    points = values if rho is None else np.append(values, rho)
    if len(points) == 0:
        return np.array([0.1, 1.0])
    if log_scale:
        return 10 ** np.histogram_bin_edges(np.log10(points), n_bins)
    return np.histogram_bin_edges(points, n_bins)


class ActivationDensityDisplay:
    """For each unit, the distribution of its activation over the rows.

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
        The units' indices.

    rho : float, default=None
        What the penalty wants the means to be.

    Attributes
    ----------
    mesh_ : matplotlib QuadMesh
        The densities, in shades.

    colorbar_ : matplotlib Colorbar
        What the shades mean.

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
    MeanActivationDisplay : One number for each unit.

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
        """Draw each unit as a column, the darker the more rows there are.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw in. None makes a new figure.

        cmap : str or matplotlib Colormap, default="Blues"
            Colours of the fractions, on a logarithmic scale.

        Returns
        -------
        display : ActivationDensityDisplay
            Drawn.
        """
        plt = import_pyplot()
        ax = one_axes(ax, plt)
        sides = np.arange(self.density.shape[1] + 1) - 0.5
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
        self.line_ = _mark_rho(ax.axhline, self.rho)
        ax.locator_params(axis="x", integer=True)
        ax.set(xlabel="Units, the most active first", ylabel="Activation")
        ax.legend(loc="upper right")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    @classmethod
    def from_estimator(
        cls, estimator, X, *, n_bins=40, n_units=None, ax=None, **plot_params
    ):
        """Draw the activations of a fitted estimator on the rows of X.

        Activations count without their signs; those of tanh are mapped to (0, 1), as
        "kl" does. `rho` is marked with "kl".

        Parameters
        ----------
        estimator : object
            Fitted estimator with `transform`.

        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        n_bins : int, default=40
            Number of bins, from zero to the largest activation.

        n_units : int, default=None
            How many units to draw, the most active ones. None draws all.

        ax : matplotlib Axes, default=None
            Axes to draw in. None makes a new figure.

        **plot_params : dict
            Further parameters of :meth:`plot`.

        Returns
        -------
        display : ActivationDensityDisplay
            Drawn.

        Raises
        ------
        ValueError
            When a parameter has no possible value.
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
            rho=target(estimator, "mean"),
        )
        return display.plot(ax=ax, **plot_params)
