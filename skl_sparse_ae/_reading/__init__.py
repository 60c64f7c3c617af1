"""What the tools for looking inside read from fitted estimators, ours and others'."""
