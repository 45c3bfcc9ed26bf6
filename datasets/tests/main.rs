//! All tests of veritrail-datasets, one binary.
