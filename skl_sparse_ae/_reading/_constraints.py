"""Constraints of parameters that several tools share, for `validate_params`."""

from numbers import Integral, Real

from .._sklearn import Interval, StrOptions

#: The parameter `threshold` of functions of a code.
THRESHOLD = [Real, "array-like", StrOptions({"mean"}), None]

#: The parameter `threshold` of functions of an estimator.
THRESHOLD_OR_AUTO = [*THRESHOLD, StrOptions({"auto"})]

#: A number of rows or features to show.
COUNT = [Interval(Integral, 1, None, closed="left")]
