"""Codes and fitted estimators, of this package or another, as the tools read them."""
