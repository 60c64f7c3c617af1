"""Values of all calls of `partial_fit`, to which one more is added without a copy.

A history is a plain tuple of a list and the number of its entries that count, which any
serialiser can write. Histories may share the list, as those of copies of an estimator
do: entries are only ever added to it, and none is changed.
"""

from functools import cached_property

#: Attributes of the estimator with a history, and the names of those that contain it.
HISTORIES = {"loss_curve_": "_loss_curve", "loss_terms_": "_loss_terms"}


def history_of(values):
    """Return the history of a list, which is copied."""
    return list(values), len(values)


def extended(history, value):
    """Return a history with one more value; that given remains as it is.

    The time does not depend on the length, except where another history has gone on
    from the same list: after a copy of an estimator or an interrupted call.
    """
    shared, length = history
    if len(shared) == length:
        shared.append(value)
        if shared[length] is value:  # and not that of another thread
            return shared, length + 1
    return [*shared[:length], value], length + 1


def list_attribute(name):
    """An attribute that is a list, made from its history when it is first read.

    In the estimator's dictionary there is nothing before that, and an ordinary list
    afterwards, which may be replaced or changed.

    Parameters
    ----------
    name : {"loss_curve_", "loss_terms_"}
    """

    def values(estimator):
        try:
            shared, length = vars(estimator)[HISTORIES[name]]
        except KeyError:
            owner = type(estimator).__name__
            raise AttributeError(
                f"{owner!r} object has no attribute {name!r}"
            ) from None
        return shared[:length]

    return cached_property(values)


def current_history(estimator, name):
    """Return the history that a call of `partial_fit` goes on from.

    Parameters
    ----------
    estimator : SparseAutoencoder
    name : {"loss_curve_", "loss_terms_"}
        If there is a list, it counts, since it may have been changed.
    """
    attributes = vars(estimator)
    if name in attributes:
        return history_of(attributes[name])
    return attributes.get(HISTORIES[name], ([], 0))
