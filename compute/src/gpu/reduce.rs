//! Runs the kernels over whole columns, tile by tile.

use wgpu::{
    BindGroup, BindGroupDescriptor, BindGroupEntry, BindGroupLayout, BindGroupLayoutDescriptor,
    BindGroupLayoutEntry, BindingResource, BindingType, Buffer, BufferBinding, BufferBindingType,
    BufferDescriptor, BufferUsages, CommandEncoderDescriptor, ComputePassDescriptor,
    ComputePipeline, ComputePipelineDescriptor, Device, PipelineCompilationOptions,
    PipelineLayoutDescriptor, ShaderModuleDescriptor, ShaderSource, ShaderStages,
};

use super::device::{Gpu, Lost, WINDOW_KERNELS, lock};
use crate::exact::sum::Counts;
use crate::exact::wide::Wide;
use crate::kernels::Shader;
use crate::kernels::reduction::{Reduction, TILE_ROWS, Window, workgroups};
use crate::kernels::window::{RECORD_WORDS, WindowKernel};

/// Windows that one submission runs at most.
const BATCH: usize = 8;
/// Distance of two passes' parameters: the strictest alignment that WebGPU allows an adapter.
pub(super) const UNIFORM_STRIDE: usize = 256;
/// Sets of buffers that are kept for the next reduction.
const SLOTS_KEPT: usize = 4;

/// One kernel over some of the columns that are handed over together.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The kernel.
    pub kernel: &'static WindowKernel,
    /// Which columns it reads, by their place.
    pub columns: &'a [usize],
}

/// What a kernel found over all rows.
#[derive(Clone, Debug, Default)]
pub struct Reduced {
    /// Values of each sort.
    pub counts: Counts,
    /// The sum of the finite ones, in the kernel's unit.
    pub total: Wide,
    /// Passes over tiles, one per tile at least.
    pub passes: usize,
}

impl Gpu {
    /// Runs every job over columns of the same length; one upload per tile serves all of them.
    ///
    /// # Errors
    /// When the device is or gets lost; no part of the result is handed out then.
    pub fn reduce(&self, columns: &[&[f64]], jobs: &[Job<'_>]) -> Result<Vec<Reduced>, Lost> {
        self.check()?;
        let mut reduced = vec![Reduced::default(); jobs.len()];
        let rows = columns.iter().map(|column| column.len()).min().unwrap_or(0);
        for first in (0..rows).step_by(TILE_ROWS) {
            let end = (first + TILE_ROWS).min(rows);
            let tile: Vec<&[f64]> = columns.iter().map(|column| &column[first..end]).collect();
            let slot = self.load(&tile);
            self.reduce_tile(&slot, &tile, jobs, &mut reduced)?;
            self.keep(slot);
        }
        Ok(reduced)
    }

    /// The records of one pass over a tile, as the device wrote them: what must equal the twin's.
    ///
    /// # Errors
    /// When the device is or gets lost.
    pub fn records(
        &self,
        kernel: &'static WindowKernel,
        tile: &[&[f64]],
        window: Window,
    ) -> Result<Vec<u32>, Lost> {
        let columns: Vec<usize> = (0..kernel.columns).collect();
        let jobs = [Job { kernel, columns: &columns }];
        let slot = self.load(tile);
        let words = self.run_batch(&slot, tile[0].len(), &jobs, &[(0, window)])?;
        self.keep(slot);
        Ok(words)
    }

    /// Buffers with a tile in them.
    pub(super) fn load(&self, tile: &[&[f64]]) -> Slot {
        let slot = self.slot(tile.first().map_or(0, |column| column.len()), tile.len());
        for (buffer, column) in slot.columns.iter().zip(tile) {
            self.queue.write_buffer(buffer, 0, bytemuck::cast_slice(column));
        }
        slot
    }

    fn reduce_tile(
        &self,
        slot: &Slot,
        tile: &[&[f64]],
        jobs: &[Job<'_>],
        reduced: &mut [Reduced],
    ) -> Result<(), Lost> {
        let rows = tile.first().map_or(0, |column| column.len());
        let mut reductions: Vec<Reduction> = jobs
            .iter()
            .map(|job| {
                let columns: Vec<&[f64]> = job.columns.iter().map(|&at| tile[at]).collect();
                Reduction::new(job.kernel, &columns)
            })
            .collect();
        loop {
            let mut batch: Vec<(usize, Window)> = Vec::new();
            for (job, reduction) in reductions.iter_mut().enumerate() {
                while batch.len() < BATCH
                    && let Some(window) = reduction.next_window()
                {
                    batch.push((job, window));
                }
            }
            if batch.is_empty() {
                break;
            }
            let words = self.run_batch(slot, rows, jobs, &batch)?;
            let each = workgroups(rows) * RECORD_WORDS;
            for (&(job, window), records) in batch.iter().zip(words.chunks_exact(each)) {
                reductions[job].take(window, records);
            }
        }
        for (sum, reduction) in reduced.iter_mut().zip(reductions) {
            sum.passes += reduction.passes();
            let (counts, total) = reduction.finish();
            // Cheap, and tells a driver that dropped a dispatch.
            if counts.total() != rows as u128 {
                return Err(self.lost("it did not count all rows"));
            }
            sum.counts.finite += counts.finite;
            sum.counts.nan += counts.nan;
            sum.counts.positive_infinite += counts.positive_infinite;
            sum.counts.negative_infinite += counts.negative_infinite;
            sum.total.merge(&total);
        }
        Ok(())
    }

    /// Runs a batch of windows over the tile in a slot; returns their records one after another.
    fn run_batch(
        &self,
        slot: &Slot,
        rows: usize,
        jobs: &[Job<'_>],
        batch: &[(usize, Window)],
    ) -> Result<Vec<u32>, Lost> {
        let groups = workgroups(rows);
        let mut parameters = vec![0u32; batch.len() * UNIFORM_STRIDE / 4];
        for (at, (_, window)) in batch.iter().enumerate() {
            let words = window.pass(rows, at * groups).words();
            parameters[at * UNIFORM_STRIDE / 4..][..words.len()].copy_from_slice(&words);
        }
        self.queue.write_buffer(&slot.parameters, 0, bytemuck::cast_slice(&parameters));
        let mut encoder = self.device.create_command_encoder(&CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
            for (at, &(job, _)) in batch.iter().enumerate() {
                let pipeline = self.window_pipeline(jobs[job].kernel);
                let bound = pipeline.bind(&self.device, slot, jobs[job].columns);
                pass.set_pipeline(&pipeline.pipeline);
                pass.set_bind_group(0, &bound, &[(at * UNIFORM_STRIDE) as u32]);
                pass.dispatch_workgroups(groups as u32, 1, 1);
            }
        }
        let bytes = (batch.len() * groups * RECORD_WORDS * 4) as u64;
        encoder.copy_buffer_to_buffer(&slot.records, 0, &slot.readback, 0, bytes);
        self.run(encoder, &slot.readback, bytes)
    }

    pub(super) fn window_pipeline(&self, kernel: &'static WindowKernel) -> &WindowPipeline {
        let at = WINDOW_KERNELS.iter().position(|&name| name == kernel.shader.name).unwrap_or(0);
        self.pipelines[at].get_or_init(|| WindowPipeline::new(&self.device, kernel))
    }

    /// Buffers for a tile, kept from an earlier one where they are large enough.
    fn slot(&self, rows: usize, columns: usize) -> Slot {
        let mut slots = lock(&self.slots);
        let fits = |slot: &Slot| slot.rows >= rows && slot.columns.len() >= columns;
        if let Some(at) = slots.iter().position(fits) {
            return slots.swap_remove(at);
        }
        drop(slots);
        Slot::new(&self.device, rows, columns)
    }

    pub(super) fn keep(&self, slot: Slot) {
        let mut slots = lock(&self.slots);
        if slots.len() >= SLOTS_KEPT {
            // The smallest is the one that is least missed.
            slots.sort_by_key(|slot| slot.rows);
            slots.remove(0);
        }
        slots.push(slot);
    }
}

/// The buffers of one tile at a time.
#[derive(Debug)]
pub(super) struct Slot {
    rows: usize,
    columns: Vec<Buffer>,
    pub(super) parameters: Buffer,
    pub(super) records: Buffer,
    pub(super) readback: Buffer,
}

impl Slot {
    fn new(device: &Device, rows: usize, columns: usize) -> Self {
        let rows = rows.next_power_of_two().clamp(1 << 16, TILE_ROWS);
        let record_bytes = (BATCH * workgroups(rows) * RECORD_WORDS * 4) as u64;
        Self {
            rows,
            columns: (0..columns)
                .map(|_| {
                    let usage = BufferUsages::STORAGE | BufferUsages::COPY_DST;
                    buffer(device, "column", rows as u64 * 8, usage)
                })
                .collect(),
            parameters: buffer(
                device,
                "parameters",
                (BATCH * UNIFORM_STRIDE) as u64,
                BufferUsages::UNIFORM | BufferUsages::COPY_DST,
            ),
            records: buffer(
                device,
                "records",
                record_bytes,
                BufferUsages::STORAGE | BufferUsages::COPY_SRC,
            ),
            readback: buffer(
                device,
                "readback",
                record_bytes,
                BufferUsages::MAP_READ | BufferUsages::COPY_DST,
            ),
        }
    }
}

pub(super) fn buffer(device: &Device, label: &str, size: u64, usage: BufferUsages) -> Buffer {
    device.create_buffer(&BufferDescriptor {
        label: Some(label),
        size,
        usage,
        mapped_at_creation: false,
    })
}

/// A compiled kernel over whole columns.
#[derive(Debug)]
pub(super) struct WindowPipeline {
    layout: BindGroupLayout,
    pub(super) pipeline: ComputePipeline,
}

impl WindowPipeline {
    fn new(device: &Device, kernel: &WindowKernel) -> Self {
        let mut buffers = vec![Binding::Parameters, Binding::Written];
        buffers.resize(2 + kernel.columns, Binding::Read);
        let layout = layout(device, kernel.shader.name, &buffers);
        let pipeline = compile(device, kernel.shader, &layout, kernel.shader.entry_points[0]);
        Self { layout, pipeline }
    }

    pub(super) fn bind(&self, device: &Device, slot: &Slot, columns: &[usize]) -> BindGroup {
        let read: Vec<&Buffer> = columns.iter().map(|&at| &slot.columns[at]).collect();
        bind(device, &self.layout, (&slot.parameters, 16), &slot.records, &read)
    }
}

/// What a kernel does with a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binding {
    /// One block of a uniform buffer, chosen per dispatch.
    Parameters,
    /// Reads and writes it.
    Written,
    /// Reads it.
    Read,
}

pub(super) fn layout(device: &Device, label: &str, buffers: &[Binding]) -> BindGroupLayout {
    let entries: Vec<BindGroupLayoutEntry> = (0u32..)
        .zip(buffers)
        .map(|(binding, kind)| BindGroupLayoutEntry {
            binding,
            visibility: ShaderStages::COMPUTE,
            ty: BindingType::Buffer {
                ty: match kind {
                    Binding::Parameters => BufferBindingType::Uniform,
                    Binding::Written => BufferBindingType::Storage { read_only: false },
                    Binding::Read => BufferBindingType::Storage { read_only: true },
                },
                has_dynamic_offset: *kind == Binding::Parameters,
                min_binding_size: None,
            },
            count: None,
        })
        .collect();
    device.create_bind_group_layout(&BindGroupLayoutDescriptor {
        label: Some(label),
        entries: &entries,
    })
}

/// Binds parameters (and how many bytes of them a dispatch sees), what is written, what is read.
pub(super) fn bind(
    device: &Device,
    layout: &BindGroupLayout,
    parameters: (&Buffer, u64),
    written: &Buffer,
    read: &[&Buffer],
) -> BindGroup {
    let parameters = BindingResource::Buffer(BufferBinding {
        buffer: parameters.0,
        offset: 0,
        size: std::num::NonZero::new(parameters.1),
    });
    let mut entries = vec![
        BindGroupEntry { binding: 0, resource: parameters },
        BindGroupEntry { binding: 1, resource: written.as_entire_binding() },
    ];
    for (binding, buffer) in (2u32..).zip(read) {
        entries.push(BindGroupEntry { binding, resource: buffer.as_entire_binding() });
    }
    device.create_bind_group(&BindGroupDescriptor { label: None, layout, entries: &entries })
}

pub(super) fn compile(
    device: &Device,
    shader: Shader,
    layout: &BindGroupLayout,
    entry_point: &str,
) -> ComputePipeline {
    let module = device.create_shader_module(ShaderModuleDescriptor {
        label: Some(shader.name),
        source: ShaderSource::Wgsl(shader.source.into()),
    });
    let layout = device.create_pipeline_layout(&PipelineLayoutDescriptor {
        label: Some(shader.name),
        bind_group_layouts: &[Some(layout)],
        immediate_size: 0,
    });
    device.create_compute_pipeline(&ComputePipelineDescriptor {
        label: Some(shader.name),
        layout: Some(&layout),
        module: &module,
        entry_point: Some(entry_point),
        compilation_options: PipelineCompilationOptions::default(),
        cache: None,
    })
}
