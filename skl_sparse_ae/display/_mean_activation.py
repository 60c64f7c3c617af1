"""Display of the mean activations of all units."""

import numpy as np

from .._reading._codes import auto_threshold, is_active
from ._checks import check_choice, check_positive
from ._drawing import draw_rho, import_pyplot, one_axes
from ._reading import activation_levels, mean_activation, target_rho


class MeanActivationDisplay:
    """Histogram of the mean activations of all units.

    It is recommended to use :meth:`from_estimator` to create one. All parameters are
    stored as attributes.

    Parameters
    ----------
    values : ndarray of shape (n_units,)
        Mean activation of each unit, or fraction of the rows on which it is active.

    rho : float, default=None
        Target of the penalty for these values.

    xlabel : str, default=None
        Label of the axis of the values.

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
    ActivationDensityDisplay : Distribution of the activations of each unit over the
        rows.

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
            Axes to draw in. None creates a new figure.

        bins : int, default=30
            Number of bins.

        log_scale : bool, default=False
            Whether the axis of the values is logarithmic. Units with the value 0 are
            then not drawn; the legend shows their number.

        **hist_params : dict
            Additional parameters of :func:`matplotlib.pyplot.hist`.

        Returns
        -------
        display : MeanActivationDisplay
            The display itself.
        """
        plt = import_pyplot()
        check_positive("bins", bins)
        ax = one_axes(ax, plt)
        values = np.asarray(self.values)
        shown = values[values > 0] if log_scale else values
        edges = _bin_edges(shown, self.rho, bins, log_scale)
        label = f"{len(shown)} units"
        if len(shown) < len(values):
            label += f", and {len(values) - len(shown)} at 0"
        params = {"label": label, "color": "tab:blue", "alpha": 0.7, **hist_params}
        _, _, self.bars_ = ax.hist(shown, bins=edges, **params)
        self.line_ = draw_rho(ax.axvline, self.rho)
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
        threshold="auto",
        ax=None,
        **plot_params,
    ):
        """Draw the mean activations of the units of a fitted estimator.

        The absolute values of activations are used; those of tanh are mapped to (0, 1)
        instead, as "kl" does.

        Parameters
        ----------
        estimator : object
            Fitted estimator with `mean_activation_`, or, if X is given, any with
            `transform`.

        X : {array-like, sparse matrix} of shape (n_samples, n_features), default=None
            Rows to average over. None uses the estimator's `mean_activation_`. With
            "contractive", which stores no activations there, X is required.

        statistic : {"mean", "frequency"}, default="mean"
            - "mean": the mean activation. `rho` is marked with "kl".
            - "frequency": the fraction of the rows of X on which the unit is active.
              `rho` is the target of its mean over the units with "topk",
              "batch_topk", "winner_take_all" and, with an adaptive `beta`, "l1" and
              "jumprelu", and is marked with these.

        threshold : float, "mean" or "auto", default="auto"
            For "frequency", the activation above which a unit counts as active:

            - A number, for all units.
            - "mean": the unit's own mean over the rows of X.
            - "auto", as in the report: "mean" for units that are never zero, such as
              those of "kl", which would be active on all rows otherwise; 0.0 for
              rectified units, top-k codes and other estimators.

        ax : matplotlib Axes, default=None
            Axes to draw in. None creates a new figure.

        **plot_params : dict
            Additional parameters of :meth:`plot`.

        Returns
        -------
        display : MeanActivationDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If X is None but required, or if a parameter is invalid.
        """
        import_pyplot()
        check_choice("statistic", statistic, ["mean", "frequency"])
        if statistic == "mean":
            values, xlabel = mean_activation(estimator, X), "Mean activation"
        elif X is None:
            raise ValueError("X=None: statistic='frequency' needs rows to count.")
        else:
            threshold = _checked_threshold(threshold, estimator)
            levels = activation_levels(estimator, X)
            values = is_active(levels, threshold).mean(axis=0)
            is_mean = isinstance(threshold, str)
            active = "above its mean" if is_mean else "active"
            xlabel = f"Fraction of the rows on which a unit is {active}"
        rho = target_rho(estimator, statistic)
        return cls(values=values, rho=rho, xlabel=xlabel).plot(ax=ax, **plot_params)


def _checked_threshold(threshold, estimator):
    """The threshold, a number or "mean", that of the units' kind for "auto"."""
    if isinstance(threshold, str):
        check_choice("threshold", threshold, ["mean", "auto"])
        if threshold == "auto":
            return auto_threshold(estimator) or 0.0
    return threshold


def _bin_edges(values, rho, n_bins, log_scale):
    """Edges of bins of equal width on the axis, for a range that includes `rho`."""
    points = values if rho is None else np.append(values, rho)
    if len(points) == 0:
        return np.array([0.1, 1.0])
    if log_scale:
        return 10 ** _linear_edges(np.log10(points), n_bins, 0.5)
    return _linear_edges(points, n_bins, 0.5 * (np.abs(points).max() or 1.0))


def _linear_edges(points, n_bins, margin):
    """Edges of bins of equal width; points nearly the same are given a margin."""
    low, high = points.min(), points.max()
    if high - low <= n_bins * np.spacing(np.abs(points).max()):
        low, high = low - margin, high + margin
    return np.linspace(low, high, n_bins + 1)
