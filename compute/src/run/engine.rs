//! What a run was made with; recorded in its details, never compared.

/// Versions of what computes a result.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Engine {
    /// This crate.
    pub compute: String,
    /// The query engine.
    pub datafusion: String,
    /// The columns and their kernels.
    pub arrow: String,
}

impl Engine {
    /// The versions that this program was built with.
    #[must_use]
    pub fn current() -> Self {
        Self {
            compute: env!("CARGO_PKG_VERSION").to_owned(),
            datafusion: datafusion::DATAFUSION_VERSION.to_owned(),
            arrow: arrow::ARROW_VERSION.to_owned(),
        }
    }

    /// One line, as a verdict holds it.
    #[must_use]
    pub fn line(&self) -> String {
        let Self { compute, datafusion, arrow } = self;
        format!("veritrail-compute {compute}, datafusion {datafusion}, arrow {arrow}")
    }
}
