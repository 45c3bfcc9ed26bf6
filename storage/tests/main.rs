//! All tests of veritrail-storage, one binary.
