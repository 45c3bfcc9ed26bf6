//! All tests of veritrail-compute, one binary.
