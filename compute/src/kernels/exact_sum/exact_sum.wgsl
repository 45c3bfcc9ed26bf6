// The exact sum of f64 values: each finite value is a whole number of 2^-1074, added as such.

@group(0) @binding(2) var<storage, read> x: array<vec2<u32>>;

// Adds a mantissa of 53 bits, shifted to its place in the window: four digits.
fn deposit(thread: u32, mantissa: vec2<u32>, negative: u32, shift: u32) {
  let digit = shift / 24u;
  let bits = shift - digit * 24u;
  let q0 = mantissa.x << bits;
  let q1 = (mantissa.y << bits) | ((mantissa.x >> 1u) >> (31u - bits));
  let q2 = (mantissa.y >> 1u) >> (31u - bits);
  let slot = digit * THREADS + thread;
  add_digit(slot, q0 & DIGIT_MASK, negative);
  add_digit(slot + THREADS, ((q0 >> 24u) | (q1 << 8u)) & DIGIT_MASK, negative);
  add_digit(slot + 2u * THREADS, ((q1 >> 16u) | (q2 << 16u)) & DIGIT_MASK, negative);
  add_digit(slot + 3u * THREADS, q2 >> 8u, negative);
}

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
        let place = place_of(value.y);
        blocks = blocks | block_bit(place);
        let shift = place - current.base;
        // Below the base the subtraction wraps, and is out of the window too.
        if (shift < current.span) {
          deposit(thread, mantissa, value.y >> 31u, shift);
        }
      }
    }
  }
  tallies[thread] = sorts;
  seen[thread] = blocks;
  reduce(thread, workgroup.x);
}
