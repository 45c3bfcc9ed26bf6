// The exact sum of products of two columns of f64 values: each product is a whole number of
// 2^-2148. A row counts as finite where both values are; a product that is not finite is counted
// as IEEE 754 would have it: NaN for NaN and for infinity times zero, else an infinity.

@group(0) @binding(2) var<storage, read> x: array<vec2<u32>>;
@group(0) @binding(3) var<storage, read> y: array<vec2<u32>>;

fn is_zero(value: vec2<u32>) -> bool {
  return ((value.y & 0x7fffffffu) | value.x) == 0u;
}

// The sort of the product of two values.
fn product_sort(a: vec2<u32>, b: vec2<u32>) -> vec4<u32> {
  let left = sort_of(a);
  let right = sort_of(b);
  let finite = (left.x & right.x) == 1u;
  let infinite = (left.z | left.w | right.z | right.w) == 1u;
  let nan = (left.y | right.y) == 1u || (infinite && (is_zero(a) || is_zero(b)));
  let negative = ((a.y ^ b.y) >> 31u) == 1u;
  return vec4<u32>(
    u32(finite),
    u32(nan),
    u32(!finite && !nan && !negative),
    u32(!finite && !nan && negative),
  );
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
      let a = x[row];
      let b = y[row];
      let sort = product_sort(a, b);
      sorts = sorts + sort;
      if (sort.x == 1u && !is_zero(a) && !is_zero(b)) {
        let place = place_of(a.y) + place_of(b.y);
        blocks = blocks | block_bit(place);
        let shift = place - current.base;
        if (shift < current.span) {
          deposit(thread, product_of(mantissa_of(a), mantissa_of(b)), (a.y ^ b.y) >> 31u, shift);
        }
      }
    }
  }
  tallies[thread] = sorts;
  seen[thread] = blocks;
  reduce(thread, workgroup.x);
}
