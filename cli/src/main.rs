//! The binary `veritrail`.

fn main() {}
