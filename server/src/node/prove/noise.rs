//! The holder's use cases with noise: commit to it and log that, then answer when the nonce was told.

mod answer;
mod commit;

pub use self::{
    answer::{Answered, NoiseAnswer},
    commit::{CommittedTo, NoiseCommit},
};
