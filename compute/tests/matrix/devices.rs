//! Where columns are reduced: here, on something that takes another way, on something that is
//! lost half-way, and on the adapter that this machine has (CI has a software one).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use veritrail_compute::exact::{Cpu, DeviceLost, Moments, Products, Reducer, Sum};

use crate::kernels::fixture::{fresh_gpu, gpu};

/// A way to reduce, made anew for each query.
pub struct Device {
    pub name: String,
    pub make: Box<dyn Fn() -> Option<Arc<dyn Reducer>>>,
}

/// All of them, this processor first.
pub fn devices() -> Vec<Device> {
    let device = |name: &str, make: fn() -> Option<Arc<dyn Reducer>>| Device {
        name: name.to_owned(),
        make: Box::new(make),
    };
    let mut devices = vec![
        device("this processor", || None),
        device("in pieces, last first", || Some(Arc::new(Pieces::lasting(usize::MAX)))),
        device("lost after two answers", || Some(Arc::new(Pieces::lasting(2)))),
    ];
    if let Some(adapter) = gpu() {
        devices.push(Device {
            name: adapter.info().name.clone(),
            make: Box::new(move || Some(Arc::clone(&adapter) as Arc<dyn Reducer>)),
        });
        devices.push(device("an adapter lost half-way", || {
            let adapter = fresh_gpu()?;
            adapter.lose_after(2);
            Some(Arc::new(adapter))
        }));
    }
    devices
}

/// Reduces 1,000 values at a time from the end, and is lost after some answers.
#[derive(Debug)]
pub struct Pieces {
    left: AtomicUsize,
}

impl Pieces {
    pub fn lasting(answers: usize) -> Self {
        Self { left: AtomicUsize::new(answers) }
    }

    fn answer(&self) -> Result<(), DeviceLost> {
        let spend = |left: usize| left.checked_sub(1);
        match self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, spend) {
            Ok(_) => Ok(()),
            Err(_) => Err(DeviceLost { device: self.name(), reason: "a test took it".to_owned() }),
        }
    }
}

impl Reducer for Pieces {
    fn name(&self) -> String {
        "pieces".to_owned()
    }

    fn sum(&self, x: &[f64]) -> Result<Sum, DeviceLost> {
        self.answer()?;
        let mut whole = Cpu.sum(&[])?;
        for piece in x.chunks(1_000).rev() {
            whole.merge(&Cpu.sum(piece)?).unwrap();
        }
        Ok(whole)
    }

    fn moments(&self, x: &[f64]) -> Result<Moments, DeviceLost> {
        self.answer()?;
        let mut whole = Cpu.moments(&[])?;
        for piece in x.chunks(1_000).rev() {
            whole.merge(&Cpu.moments(piece)?).unwrap();
        }
        Ok(whole)
    }

    fn products(&self, x: &[f64], y: &[f64]) -> Result<Products, DeviceLost> {
        self.answer()?;
        let mut whole = Cpu.products(&[], &[])?;
        for (x, y) in x.chunks(1_000).zip(y.chunks(1_000)).rev() {
            whole.merge(&Cpu.products(x, y)?).unwrap();
        }
        Ok(whole)
    }
}
