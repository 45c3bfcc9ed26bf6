// The exact sum of squares of f64 values: each square is a whole number of 2^-2148.

@group(0) @binding(2) var<storage, read> x: array<vec2<u32>>;

@compute @workgroup_size(64)
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) workgroup: vec3<u32>,
) {
  clear(thread);
  let first = workgroup.x * THREADS * STEPS + thread;
  var sorts = vec4<u32>(0u);
  var blocks = vec4<u32>(0u);
  for (var step = 0u; step < STEPS; step = step + 1u) {
    let row = first + step * THREADS;
    if (row < current.rows) {
      let value = x[row];
      let sort = sort_of(value);
      sorts = sorts + sort;
      let mantissa = mantissa_of(value);
      if (sort.x == 1u && (mantissa.x | mantissa.y) != 0u) {
        let place = 2u * place_of(value.y);
        blocks = blocks | block_bit(place);
        let shift = place - current.base;
        if (shift < current.span) {
          deposit(thread, product_of(mantissa, mantissa), 0u, shift);
        }
      }
    }
  }
  tallies[thread] = sorts;
  seen[thread] = blocks;
  reduce(thread, workgroup.x);
}
