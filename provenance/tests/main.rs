//! All tests of veritrail-provenance, one binary.
