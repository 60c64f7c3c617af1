"""Optimisation by L-BFGS and Adam, and the scaling of parameters.

A solver receives a function for values and gradients, and depends neither on rows nor
on the penalty.
"""
