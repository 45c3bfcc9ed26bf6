//! Claims that are told with noise: committed to first, answered when their audience has told its
//! nonce (docs/formats/noise-file.md).

mod calibrate;
mod check;
mod file;
mod prove;
mod question;
mod rows;

pub use calibrate::{Enough, calibrate};
pub use check::{CheckedNoise, check_committed};
pub(super) use check::{NoisyRows, check_answer};
pub use file::{NOISE_FILE_BYTES_MAX, NoiseFile};
pub use prove::{NoiseOrder, answer, commit};
pub use question::{KeptNonce, Question, QuestionError};
