//! Runs, receipts, reproductions and bundles over three nodes.

mod again;
mod bundled;
mod details;
mod false_claims;
mod rebuilt;
mod remembered;
mod spec;
mod steps;
mod units;
