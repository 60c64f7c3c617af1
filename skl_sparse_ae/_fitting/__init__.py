"""Fits from validated rows to fitted attributes, without the optimisation itself.

`settings` is the estimator, of which only the constructor parameters are read.
"""
