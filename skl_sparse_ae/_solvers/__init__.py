"""Minimisation: L-BFGS, Adam, and the scaling of parameters.

A solver receives a callable for values and gradients. It knows no penalty and no rows.
"""
