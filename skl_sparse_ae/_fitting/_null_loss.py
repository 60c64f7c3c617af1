"""What reconstructions are compared with: the mean of each column."""

import numpy as np

# Relative to the terms of their difference, smaller results are rounding errors.
ROUNDING = 1e-13
# The least part of the null deviance that counts as an excess.
LEAST_EXCESS = 0.01


def mean_row(loss, rows, mean):
    """Return the mean of each column of X, given that of what the encoder sees."""
    if loss.input_function is not None:
        mean = rows.column_means(itself)
    # Rounding errors may have moved it out of the range.
    return np.clip(mean, *loss.limits)


def null_deviance(loss, rows, moments=None, mean=None):
    """Return twice the loss of the best constant for each column: the column's mean.

    For squared errors it is the variance of X, for the others the deviance of the null
    model of generalised linear models. Missing entries count in neither.

    Parameters
    ----------
    loss : Loss
    rows : Rows
    moments : (ndarray of shape (n_features,), float), default=None
        Those of the rows, if they are known and missing entries are replaced by the
        means of the observed ones.
    mean : ndarray of shape (n_features,), default=None
        The `mean_row`, if it is known.

    Returns
    -------
    deviance : float
    """
    if moments is None:
        rows = rows.refilled()
        moments = rows.moments()
    if not loss.is_canonical:
        return moments[1]
    if mean is None:
        mean = mean_row(loss, rows, moments[0])
    # Missing entries are the mean here, and contribute as much to both terms.
    of_entries, of_mean = rows.column_means(loss.generator), loss.generator(mean)
    left = of_entries - of_mean
    is_rounding = left <= ROUNDING * (np.abs(of_entries) + np.abs(of_mean) + mean)
    return 2 * float(np.sum(left, where=~is_rounding))


def excess_deviance(loss, mean, deviance):
    """Return the null deviance beyond that of noise around the mean of each column.

    It is about what can be explained, and less where most counts are zero: there, rates
    that vary have less noise than their mean.

    Parameters
    ----------
    loss : Loss
    mean : ndarray of shape (n_features,)
        Of the rows to be reconstructed.
    deviance : float
        That of `null_deviance`.

    Returns
    -------
    deviance : float
        All of it where the mean of a column does not tell how much is noise.
    """
    noise = float(np.sum(loss.noise(mean)))
    return max(deviance - noise, LEAST_EXCESS * deviance)


def itself(x):
    """Return the argument, for the mean of entries themselves."""
    return x


def explained_fraction(reconstruction, deviance):
    """Return the fraction of the deviance explained, given the reconstruction term.

    As in scikit-learn's R2, the result without deviance is 1 for a perfect
    reconstruction and 0 otherwise. Rounding errors may make the term negative.
    """
    reconstruction = np.maximum(0.0, reconstruction)  # NaN stays NaN
    if deviance == 0:
        return float(reconstruction == 0)
    return float(1 - 2 * reconstruction / deviance)
