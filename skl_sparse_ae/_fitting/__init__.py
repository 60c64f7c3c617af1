"""Fits from validated rows to fitted attributes, without the optimisation itself.

`settings` is an estimator with nothing but its parameters, by `settings_of`.
"""
