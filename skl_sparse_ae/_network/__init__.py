"""The network: encoder and decoder, activation functions and parameter arrays.

Independent of where rows are stored and of how parameters are fitted.
"""
