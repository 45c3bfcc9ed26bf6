//! Zero-knowledge statements beside a proof system by others: the same sums as R1CS, proven by crate
//! spartan. Tests see both accept and refuse the same claims; the benchmark sees what each costs.
//! Nothing of it is part of the product.

pub mod r1cs;
