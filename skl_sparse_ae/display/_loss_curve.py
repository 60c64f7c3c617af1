"""Display of the objective and its terms during training."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._reading._pipelines import last_step
from ._drawing import import_pyplot, one_axes

TERMS = ("reconstruction", "decay", "sparsity")


class LossCurveDisplay:
    """Curves of the objective J and its three terms over the iterations.

    It is recommended to use :meth:`from_estimator` to create one. All parameters are
    stored as attributes.

    Parameters
    ----------
    loss_curve : array-like of shape (n_iter,)
        J at each iteration or epoch.

    loss_terms : array-like of shape (n_iter, 3), default=None
        Its reconstruction, decay and sparsity terms.

    Attributes
    ----------
    line_ : matplotlib Line2D
        The curve of J.

    terms_ : list of matplotlib Artist
        The three terms, as areas or lines; empty if they are unknown.

    ax_ : matplotlib Axes
        Axes with the curve.

    figure_ : matplotlib Figure
        Figure containing the curve.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skl_sparse_ae import SparseAutoencoder
    >>> from skl_sparse_ae.display import LossCurveDisplay
    >>> X = load_digits().data / 16
    >>> autoencoder = SparseAutoencoder(20, random_state=0).fit(X)
    >>> display = LossCurveDisplay.from_estimator(autoencoder)
    >>> len(display.loss_curve) == len(display.loss_terms) == autoencoder.n_iter_
    True
    """

    def __init__(self, *, loss_curve, loss_terms=None):
        self.loss_curve = loss_curve
        self.loss_terms = loss_terms

    def plot(self, ax=None, *, stacked=True, name="J"):
        """Draw J and its terms over a logarithmic axis of iterations.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw in. None creates a new figure.

        stacked : bool, default=True
            Whether to draw the terms as stacked areas, which add up to J. Otherwise
            they are lines, with a logarithmic axis that shows small terms as well.

        name : str, default="J"
            Name of J in the legend.

        Returns
        -------
        display : LossCurveDisplay
            The display itself.
        """
        plt = import_pyplot()
        ax = one_axes(ax, plt)
        iterations = np.arange(1, len(self.loss_curve) + 1)
        terms = [] if self.loss_terms is None else np.transpose(self.loss_terms)
        self.terms_ = []
        if stacked and len(terms):
            self.terms_ = ax.stackplot(iterations, terms, labels=TERMS, alpha=0.6)
        elif len(terms):
            for term, label in zip(terms, TERMS, strict=True):
                self.terms_ += ax.plot(iterations, term, label=label)
            ax.set_yscale("log")
        (self.line_,) = ax.plot(iterations, self.loss_curve, color="black", label=name)
        ax.set_xscale("log")
        ax.set(xlabel="Iteration", ylabel="Objective")
        ax.legend(handles=[self.line_, *self.terms_[::-1]])
        self.ax_, self.figure_ = ax, ax.figure
        return self

    @classmethod
    def from_estimator(cls, estimator, *, ax=None, **plot_params):
        """Draw the loss curve of a fitted estimator.

        Parameters
        ----------
        estimator : object
            Fitted estimator with `loss_curve_`, or a pipeline that ends with one. The
            terms are drawn if it has `loss_terms_`, as :class:`SparseAutoencoder` has.

        ax : matplotlib Axes, default=None
            Axes to draw in. None creates a new figure.

        **plot_params : dict
            Additional parameters of :meth:`plot`.

        Returns
        -------
        display : LossCurveDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If the estimator has no `loss_curve_`.
        """
        import_pyplot()
        check_is_fitted(estimator)
        fitted = last_step(estimator)
        if not hasattr(fitted, "loss_curve_"):
            raise TypeError(f"A loss curve needs loss_curve_, and {fitted} has none.")
        loss_terms = getattr(fitted, "loss_terms_", None)
        display = cls(loss_curve=fitted.loss_curve_, loss_terms=loss_terms)
        return display.plot(ax=ax, **plot_params)
