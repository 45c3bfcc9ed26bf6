//! How long a kernel takes on a tile, apart from the way of the data to the device.

use std::time::{Duration, Instant};

use wgpu::{CommandEncoderDescriptor, ComputePassDescriptor};

use super::device::{Gpu, Lost};
use crate::kernels::reduction::{guess, workgroups};
use crate::kernels::window::{RECORD_WORDS, WindowKernel};

/// Passes that are timed together, so that the cost of a submission is divided among them.
const PASSES: u32 = 16;

/// One kernel over one tile.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Rows of the tile.
    pub rows: usize,
    /// Bytes of the columns that one pass reads.
    pub bytes: usize,
    /// Copying the columns to the device, and one pass, and reading the records back.
    pub whole: Duration,
    /// One pass over a tile that is on the device already.
    pub pass: Duration,
}

impl Gpu {
    /// Times a kernel over a tile of at most [`crate::kernels::reduction::TILE_ROWS`] rows: the
    /// best of three.
    ///
    /// # Errors
    /// When the device is or gets lost.
    pub fn measure(
        &self,
        kernel: &'static WindowKernel,
        tile: &[&[f64]],
    ) -> Result<Measured, Lost> {
        let rows = tile[0].len();
        let window = guess(kernel, tile);
        // Compiles the shader and makes the buffers.
        self.records(kernel, tile, window)?;
        let (mut whole, mut pass) = (Duration::MAX, Duration::MAX);
        for _ in 0..3 {
            let start = Instant::now();
            self.records(kernel, tile, window)?;
            whole = whole.min(start.elapsed());
            let slot = self.load(tile);
            let words = window.pass(rows, 0).words();
            self.queue.write_buffer(&slot.parameters, 0, bytemuck::cast_slice(&words));
            let time = |passes: u32| -> Result<Duration, Lost> {
                let pipeline = self.window_pipeline(kernel);
                let columns: Vec<usize> = (0..tile.len()).collect();
                let bound = pipeline.bind(&self.device, &slot, &columns);
                let mut encoder =
                    self.device.create_command_encoder(&CommandEncoderDescriptor::default());
                {
                    let mut pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
                    pass.set_pipeline(&pipeline.pipeline);
                    pass.set_bind_group(0, &bound, &[0]);
                    for _ in 0..passes {
                        pass.dispatch_workgroups(workgroups(rows) as u32, 1, 1);
                    }
                }
                let bytes = (RECORD_WORDS * 4) as u64;
                encoder.copy_buffer_to_buffer(&slot.records, 0, &slot.readback, 0, bytes);
                let start = Instant::now();
                self.run(encoder, &slot.readback, bytes)?;
                Ok(start.elapsed())
            };
            // The first run waits for the upload; the other two differ by the passes alone.
            time(1)?;
            let (one, many) = (time(1)?, time(1 + PASSES)?);
            pass = pass.min(many.saturating_sub(one) / PASSES);
            self.keep(slot);
        }
        Ok(Measured { rows, bytes: rows * 8 * tile.len(), whole, pass })
    }
}
