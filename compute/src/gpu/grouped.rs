//! Runs the grouped sum: rounds of rows with a carry between them, per window and range of groups.

use wgpu::{
    BindGroupLayout, BufferUsages, CommandEncoderDescriptor, ComputePassDescriptor,
    ComputePipeline, Device,
};

use super::device::{Gpu, Lost};
use super::reduce::{Binding, UNIFORM_STRIDE, bind, buffer, compile, layout};
use crate::exact::sum::Counts;
use crate::exact::wide::Wide;
use crate::kernels::exact_sum;
use crate::kernels::grouped_sum::{
    PASS_GROUPS, RECORD_WORDS, Round, SHADER, TILE_ROWS, counts, rounds, total,
};
use crate::kernels::reduction::{Window, guess, plan};

/// Invocations of a workgroup, for rows and for groups.
const THREADS: usize = 64;

/// One group's values of each sort, and the sum of the finite ones in units of 2^−1074.
#[derive(Clone, Debug, Default)]
pub struct GroupSum {
    /// Values of each sort.
    pub counts: Counts,
    /// Their sum.
    pub total: Wide,
}

impl Gpu {
    /// The exact sum of each group: `group_of[row]` is the group of `x[row]`, below `groups`.
    ///
    /// Rows of other groups, and rows that only one of the slices has, are left out. Costs 80
    /// bytes of device memory per group, and one pass per 65,536 groups.
    ///
    /// # Errors
    /// When the device is or gets lost.
    pub fn grouped_sum(
        &self,
        x: &[f64],
        group_of: &[u32],
        groups: usize,
    ) -> Result<Vec<GroupSum>, Lost> {
        self.check()?;
        let mut sums = vec![GroupSum::default(); groups];
        for (x, group_of) in x.chunks(TILE_ROWS).zip(group_of.chunks(TILE_ROWS)) {
            let rows = x.len().min(group_of.len());
            let tile = Tile::new(self, &x[..rows], &group_of[..rows], groups.min(PASS_GROUPS));
            for (at, sums) in sums.chunks_mut(PASS_GROUPS).enumerate() {
                let range = ((at * PASS_GROUPS) as u32, sums.len() as u32);
                let first = guess(&exact_sum::KERNEL, &[&x[..rows]]);
                let (records, seen) = tile.run(self, range, first)?;
                for (sum, record) in sums.iter_mut().zip(records.chunks_exact(RECORD_WORDS)) {
                    let found = counts(record);
                    sum.counts.finite += found.finite;
                    sum.counts.nan += found.nan;
                    sum.counts.positive_infinite += found.positive_infinite;
                    sum.counts.negative_infinite += found.negative_infinite;
                    sum.total.merge(&total(record, first));
                }
                for window in plan(&exact_sum::KERNEL, seen.into(), first.mask()) {
                    let (records, _) = tile.run(self, range, window)?;
                    for (sum, record) in sums.iter_mut().zip(records.chunks_exact(RECORD_WORDS)) {
                        sum.total.merge(&total(record, window));
                    }
                }
            }
        }
        Ok(sums)
    }
}

impl Gpu {
    /// What one pass over a tile of at most [`TILE_ROWS`] rows and [`PASS_GROUPS`] groups writes:
    /// the groups' records and the blocks of places seen, which must equal the twin's.
    ///
    /// # Errors
    /// When the device is or gets lost.
    pub fn grouped_records(
        &self,
        x: &[f64],
        group_of: &[u32],
        groups: u32,
        window: Window,
    ) -> Result<(Vec<u32>, u64), Lost> {
        Tile::new(self, x, group_of, groups as usize).run(self, (0, groups), window)
    }
}

/// The two entry points.
#[derive(Debug)]
pub(super) struct GroupedPipelines {
    layout: BindGroupLayout,
    accumulate: ComputePipeline,
    carry: ComputePipeline,
}

impl GroupedPipelines {
    fn new(device: &Device) -> Self {
        let buffers = [Binding::Parameters, Binding::Written, Binding::Read, Binding::Read];
        let layout = layout(device, SHADER.name, &buffers);
        let accumulate = compile(device, SHADER, &layout, SHADER.entry_points[0]);
        let carry = compile(device, SHADER, &layout, SHADER.entry_points[1]);
        Self { layout, accumulate, carry }
    }
}

/// A tile on the device.
struct Tile {
    rows: usize,
    x: wgpu::Buffer,
    group_of: wgpu::Buffer,
    records: wgpu::Buffer,
    readback: wgpu::Buffer,
    parameters: wgpu::Buffer,
}

impl Tile {
    fn new(gpu: &Gpu, x: &[f64], group_of: &[u32], groups: usize) -> Self {
        let read = BufferUsages::STORAGE | BufferUsages::COPY_DST;
        let record_bytes = record_words(groups) as u64 * 4;
        let rounds = x.len().div_ceil(crate::kernels::grouped_sum::ROUND_ROWS);
        let device = &gpu.device;
        let tile = Self {
            rows: x.len(),
            x: buffer(device, "values", x.len() as u64 * 8, read),
            group_of: buffer(device, "groups", x.len() as u64 * 4, read),
            records: buffer(device, "records", record_bytes, read | BufferUsages::COPY_SRC),
            readback: buffer(
                device,
                "readback",
                record_bytes,
                BufferUsages::MAP_READ | BufferUsages::COPY_DST,
            ),
            parameters: buffer(
                device,
                "parameters",
                (rounds * UNIFORM_STRIDE) as u64,
                BufferUsages::UNIFORM | BufferUsages::COPY_DST,
            ),
        };
        gpu.queue.write_buffer(&tile.x, 0, bytemuck::cast_slice(x));
        gpu.queue.write_buffer(&tile.group_of, 0, bytemuck::cast_slice(group_of));
        tile
    }

    /// One pass: the groups' records, and the blocks of places that were seen.
    fn run(
        &self,
        gpu: &Gpu,
        (first_group, groups): (u32, u32),
        window: Window,
    ) -> Result<(Vec<u32>, u64), Lost> {
        let rounds = rounds(self.rows, first_group, groups, window);
        gpu.queue.write_buffer(&self.parameters, 0, bytemuck::cast_slice(&parameters(&rounds)));
        let pipelines = gpu.grouped.get_or_init(|| GroupedPipelines::new(&gpu.device));
        let bound = bind(
            &gpu.device,
            &pipelines.layout,
            (&self.parameters, 32),
            &self.records,
            &[&self.x, &self.group_of],
        );
        let bytes = record_words(groups as usize) as u64 * 4;
        let mut encoder = gpu.device.create_command_encoder(&CommandEncoderDescriptor::default());
        encoder.clear_buffer(&self.records, 0, Some(bytes));
        {
            let mut pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
            for (at, round) in rounds.iter().enumerate() {
                pass.set_bind_group(0, &bound, &[(at * UNIFORM_STRIDE) as u32]);
                pass.set_pipeline(&pipelines.accumulate);
                pass.dispatch_workgroups(round.round_rows.div_ceil(THREADS as u32), 1, 1);
                pass.set_pipeline(&pipelines.carry);
                pass.dispatch_workgroups(groups.div_ceil(THREADS as u32), 1, 1);
            }
        }
        encoder.copy_buffer_to_buffer(&self.records, 0, &self.readback, 0, bytes);
        let mut words = gpu.run(encoder, &self.readback, bytes)?;
        let seen = words.split_off(groups as usize * RECORD_WORDS);
        Ok((words, u64::from(seen[0]) | (u64::from(seen[1]) << 32)))
    }
}

/// The groups' records, and two words of seen blocks.
fn record_words(groups: usize) -> usize {
    groups * RECORD_WORDS + 2
}

fn parameters(rounds: &[Round]) -> Vec<u32> {
    let mut parameters = vec![0u32; rounds.len() * UNIFORM_STRIDE / 4];
    for (at, round) in rounds.iter().enumerate() {
        let words = round.words();
        parameters[at * UNIFORM_STRIDE / 4..][..words.len()].copy_from_slice(&words);
    }
    parameters
}
