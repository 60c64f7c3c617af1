"""What an autoencoder computes: its maps, activations and parameters.

Nothing here knows where rows are or how parameters are found.
"""
