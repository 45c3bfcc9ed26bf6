//! Certified statistics of the NIST StRD collection, computed by SQL.

mod anova;
mod regression;
mod sets;
mod steps;
mod univariate;
