"""From checked rows to fitted attributes: all of a fit but the optimisation itself.

`settings` is, in all of this room, whatever has the parameters of the estimator as
attributes: the estimator.
"""
