//! Kernel steps: exact reductions of whole columns, without a query around them.
//!
//! What they compute in SQL would be rounded on the way (`sum(x * y)` rounds every product); here
//! the sums are integers until each is rounded once.

mod columns;
mod groups;
mod reduce;

use std::collections::BTreeSet;

pub(super) use reduce::reduce;

/// The most characters of a column's name.
const NAME_BYTES_MAX: usize = 1_024;

/// Which sums a kernel step makes. The list is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kernel {
    /// `n`, `sum`, `mean` of one column.
    Sum,
    /// `n`, `sum`, `mean`, `variance`, `deviation` (of the sample) of one column.
    Moments,
    /// `n`, `dot`: Σxy of two columns.
    Dot,
    /// `n`, `sum_x`, `sum_y`, `sum_xx`, `sum_yy`, `sum_xy` of two columns.
    Products,
}

impl Kernel {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Sum, Self::Moments, Self::Dot, Self::Products];

    /// Its name in a spec.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Moments => "moments",
            Self::Dot => "dot",
            Self::Products => "products",
        }
    }

    /// The kernel of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kernel| kernel.name() == name)
    }

    /// How many columns it takes.
    #[must_use]
    pub fn columns(self) -> usize {
        match self {
            Self::Sum | Self::Moments => 1,
            Self::Dot | Self::Products => 2,
        }
    }

    /// The columns of its result, after the group's: `n` counts rows, the others are float64.
    #[must_use]
    pub fn results(self) -> &'static [&'static str] {
        match self {
            Self::Sum => &["n", "sum", "mean"],
            Self::Moments => &["n", "sum", "mean", "variance", "deviation"],
            Self::Dot => &["n", "dot"],
            Self::Products => &["n", "sum_x", "sum_y", "sum_xx", "sum_yy", "sum_xy"],
        }
    }
}

/// A kernel and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelCall {
    /// Which.
    pub kernel: Kernel,
    /// The input or step that it reads.
    pub table: String,
    /// The columns that it takes, as many as the kernel says; numbers.
    pub columns: Vec<String>,
    /// The column whose values make groups, one row of the result each.
    pub group: Option<String>,
}

impl KernelCall {
    /// What no table is needed to find out.
    pub(super) fn check(&self) -> Result<(), String> {
        let (name, takes) = (self.kernel.name(), self.kernel.columns());
        if self.columns.len() != takes {
            let plural = if takes == 1 { "column" } else { "columns" };
            return Err(format!(
                "kernel {name} takes {takes} {plural}, and {} are named",
                self.columns.len()
            ));
        }
        let all: Vec<&String> =
            self.columns.iter().chain(&self.group).chain([&self.table]).collect();
        if all.iter().any(|name| name.is_empty() || name.len() > NAME_BYTES_MAX) {
            return Err(format!("a name has 1 to {NAME_BYTES_MAX} bytes"));
        }
        match &self.group {
            Some(group) if self.kernel.results().contains(&group.as_str()) => Err(format!(
                "its group {group:?} has the name of a column of the result ({})",
                self.kernel.results().join(", ")
            )),
            _ => Ok(()),
        }
    }

    /// The columns that are read: each once, those of numbers first.
    pub(super) fn reads(&self) -> Vec<&str> {
        let mut seen = BTreeSet::new();
        let all = self.columns.iter().chain(&self.group).map(String::as_str);
        all.filter(|name| seen.insert(*name)).collect()
    }

    /// What is true of rows that do not count: `x is null or y is null`.
    pub(super) fn dropped(&self) -> String {
        let columns: BTreeSet<&String> = self.columns.iter().collect();
        let parts: Vec<String> = columns.iter().map(|name| format!("{name} is null")).collect();
        parts.join(" or ")
    }
}
