//! The noun: what a dataset is, how its files are read, and how it is described.
