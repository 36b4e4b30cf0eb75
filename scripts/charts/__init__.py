"""Charts of deadrelu's result directories: what scripts/plot, scripts/report and the notebooks draw with."""
