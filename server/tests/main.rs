//! All tests of veritrail-server, one binary.
