//! All tests of veritrail-cli, one binary.
