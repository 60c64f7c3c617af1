"""The base class of penalties that keep the largest activations."""

from ._base import Penalty


class _Selection(Penalty):
    """Keeps a fraction `rho` of the activations, and more when training begins."""

    has_term = False
    selects = True
    is_gradual = True
    # Decay works against the revival of unused units.
    default_alpha = 1e-4

    @classmethod
    def default_beta(cls, variance, n_features, n_components):
        # Relative to the reconstruction term, whatever the units of X.
        return 0.3

    def set_progress(self, progress):
        start = max(self.start_rho, self.rho)
        # In this form the end is exactly `rho`, with which k is the same as ever after.
        self._present_rho = (1 - progress) * start + progress * self.rho

    def n_active(self, n_components):
        """Number of units that each row keeps."""
        rho = getattr(self, "_present_rho", self.rho)
        return min(n_components, max(1, round(rho * n_components)))
