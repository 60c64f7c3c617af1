"""Names of features that are short enough for the space beside an Axes."""

from collections import Counter


def shortened_names(names, length):
    """Names without the middle of those that are too long.

    Beginnings and ends are kept, since names made by steps differ there: prefixes are
    names of steps or columns, suffixes those of categories. Where different names
    become the same, the index of the feature is put in the place of the middle.

    Parameters
    ----------
    names : array-like of str of shape (n_features,)
    length : int
        The number of characters of the longest name to keep as it is.

    Returns
    -------
    names : list of str of shape (n_features,)
    """
    names = [str(name) for name in names]
    short = [_without_middle(name, length, "…") for name in names]
    counts = Counter(short)
    return [
        text
        if text == name or counts[text] == 1
        else _without_middle(name, length, f"…{index}…")
        for index, (name, text) in enumerate(zip(names, short, strict=True))
    ]


def _without_middle(name, length, mark):
    if len(name) <= length:
        return name
    n_kept = max(2, length - len(mark))
    n_first = (n_kept + 1) // 2
    return name[:n_first] + mark + name[n_first - n_kept :]
