//! The groups of a kernel step: rows wait in buffers, which are reduced when they are long enough.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::row::OwnedRow;

use super::{Kernel, KernelCall};
use crate::exact::{Cpu, DeviceLost, Moments, Products, Reducer, StateError, Sum, Unit};
use crate::sql::SqlError;
use crate::sql::aggregate::{AggregateUse, DEVICE_ROWS_MIN};

/// Rows of a group that wait, where there are groups: short, as there may be many.
const GROUP_ROWS: usize = 1_024;

/// Where columns are reduced, and what of it was.
#[derive(Debug)]
pub(super) struct Place {
    device: Option<Arc<dyn Reducer>>,
    rows_buffered: usize,
    used: AggregateUse,
}

impl Place {
    /// `grouped` rows wait in short buffers, which no device is asked to reduce.
    pub(super) fn new(call: &KernelCall, device: Option<&Arc<dyn Reducer>>) -> Self {
        let aggregate = format!("{}({})", call.kernel.name(), call.columns.join(", "));
        let used = AggregateUse { aggregate, ..AggregateUse::default() };
        match device {
            Some(device) if call.group.is_none() => {
                Self { device: Some(Arc::clone(device)), rows_buffered: DEVICE_ROWS_MIN, used }
            }
            _ => Self { device: None, rows_buffered: GROUP_ROWS, used },
        }
    }

    /// What computed it.
    pub(super) fn used(self) -> AggregateUse {
        self.used
    }

    /// What `work` makes on the device, or here where there is none, it is lost, or the rows are
    /// few. Both make the same.
    fn reduced<T>(
        &mut self,
        rows: usize,
        work: impl Fn(&dyn Reducer) -> Result<T, DeviceLost>,
    ) -> Result<T, SqlError> {
        if rows >= DEVICE_ROWS_MIN
            && let Some(device) = &self.device
        {
            match work(device.as_ref()) {
                Ok(state) => {
                    self.used.device = Some(device.name());
                    self.used.device_rows += rows as u64;
                    return Ok(state);
                }
                Err(DeviceLost { reason, .. }) => {
                    self.used.lost = Some(reason);
                    self.device = None;
                }
            }
        }
        if self.device.is_some() || self.used.lost.is_some() {
            self.used.cpu_rows += rows as u64;
        }
        work(&Cpu).map_err(|lost| SqlError::Execution(lost.to_string()))
    }
}

/// The exact sums of one group.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// Of one column.
    Sum(Sum),
    /// Of one column, with squares.
    Moments(Moments),
    /// Of two columns.
    Products(Products),
}

impl State {
    fn new(kernel: Kernel) -> Self {
        match kernel {
            Kernel::Sum => Self::Sum(Sum::new(Unit::Float)),
            Kernel::Moments => Self::Moments(Moments::new(Unit::Float)),
            Kernel::Dot | Kernel::Products => {
                Self::Products(Products::new(Unit::Float, Unit::Float))
            }
        }
    }

    fn add(&mut self, rows: &[Vec<f64>], place: &mut Place) -> Result<(), SqlError> {
        let failed = |error: StateError| SqlError::Execution(error.to_string());
        let (Some(x), length) = (rows.first(), rows.first().map_or(0, Vec::len)) else {
            return Ok(());
        };
        match self {
            Self::Sum(sum) => sum.merge(&place.reduced(length, |by| by.sum(x))?).map_err(failed),
            Self::Moments(moments) => {
                moments.merge(&place.reduced(length, |by| by.moments(x))?).map_err(failed)
            }
            Self::Products(products) => {
                let y = rows.get(1).unwrap_or(x);
                products.merge(&place.reduced(length, |by| by.products(x, y))?).map_err(failed)
            }
        }
    }

    fn heap_size(&self) -> usize {
        match self {
            Self::Sum(sum) => sum.heap_size(),
            Self::Moments(moments) => moments.heap_size(),
            Self::Products(products) => products.heap_size(),
        }
    }
}

#[derive(Debug)]
struct Group {
    waiting: Vec<Vec<f64>>,
    state: State,
}

/// All groups of a step; one without a key where there is no group column.
#[derive(Debug)]
pub(super) struct Groups {
    kernel: Kernel,
    places: HashMap<OwnedRow, usize>,
    groups: Vec<Group>,
    bytes: usize,
    limit: usize,
}

impl Groups {
    pub(super) fn new(kernel: Kernel, limit: usize) -> Self {
        Self { kernel, places: HashMap::new(), groups: Vec::new(), bytes: 0, limit }
    }

    /// The one group of a step without a group column.
    pub(super) fn single(&mut self) {
        if self.groups.is_empty() {
            self.push();
        }
    }

    /// The group with this key, and whether it is new.
    pub(super) fn at(&mut self, key: OwnedRow) -> (usize, bool) {
        if let Some(&place) = self.places.get(&key) {
            return (place, false);
        }
        self.bytes += key.as_ref().len() + size_of::<OwnedRow>();
        self.push();
        let place = self.groups.len() - 1;
        self.places.insert(key, place);
        (place, true)
    }

    fn push(&mut self) {
        let waiting = vec![Vec::new(); self.kernel.columns()];
        self.bytes += size_of::<Group>() + waiting.len() * size_of::<Vec<f64>>();
        self.groups.push(Group { waiting, state: State::new(self.kernel) });
    }

    /// Adds a row to a group.
    ///
    /// # Errors
    /// When the groups need more memory than they may.
    pub(super) fn add(
        &mut self,
        group: usize,
        row: impl Iterator<Item = f64>,
        place: &mut Place,
    ) -> Result<(), SqlError> {
        let Some(group) = self.groups.get_mut(group) else { return Ok(()) };
        for (column, value) in group.waiting.iter_mut().zip(row) {
            let held = column.capacity();
            column.push(value);
            self.bytes += (column.capacity() - held) * size_of::<f64>();
        }
        if group.waiting.first().is_some_and(|column| column.len() >= place.rows_buffered) {
            let held = group.state.heap_size();
            group.state.add(&group.waiting, place)?;
            self.bytes += group.state.heap_size().saturating_sub(held);
            group.waiting.iter_mut().for_each(Vec::clear);
        }
        if self.bytes > self.limit {
            let message = format!("{} groups of kernel {}", self.groups.len(), self.kernel.name());
            return Err(SqlError::Memory { limit: self.limit, message });
        }
        Ok(())
    }

    /// The sums of every group, in the order in which their keys were first met.
    pub(super) fn finish(self, place: &mut Place) -> Result<Vec<State>, SqlError> {
        self.groups
            .into_iter()
            .map(|mut group| {
                group.state.add(&group.waiting, place)?;
                Ok(group.state)
            })
            .collect()
    }
}
