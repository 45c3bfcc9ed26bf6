// The exact sum of f64 values per group: each finite value is a whole number of 2^-1074.
//
// The lanes of a group are shared by all rows of it, so they are added to by atomics. Adding
// integers commutes and no atomic's returned value is looked at, so the lanes end up the same
// whatever the order. A lane is a signed digit of 16 bits in a u32: after `carry` it is below
// 2^16, and a round of 16,384 rows adds less than 2^30 to it, so no lane can overflow.

const LANES = 16u;
const DIGIT_MASK = 0xffffu;
const RECORD = 20u;

struct Round {
  // Rows of the tile.
  rows: u32,
  // The first row of this round, and how many rows it has.
  first_row: u32,
  round_rows: u32,
  // The groups that are summed: group ids from `first_group` on, `groups` of them.
  first_group: u32,
  groups: u32,
  // The place where the window begins, and how many places it covers.
  base: u32,
  span: u32,
  padding: u32,
}

@group(0) @binding(0) var<uniform> current: Round;
// Per group: 16 lanes; finite, NaN, +infinity, -infinity. After all groups: two words with a bit
// per block of places that a value was seen in.
@group(0) @binding(1) var<storage, read_write> records: array<atomic<u32>>;
@group(0) @binding(2) var<storage, read> x: array<vec2<u32>>;
@group(0) @binding(3) var<storage, read> group_of: array<u32>;

fn add_digit(slot: u32, digit: u32, negative: u32) {
  if (digit != 0u) {
    atomicAdd(&records[slot], (digit ^ (0u - negative)) + negative);
  }
}

// Adds a mantissa of 53 bits, shifted to its place in the window: five digits.
fn deposit(first: u32, low: u32, high: u32, negative: u32, shift: u32) {
  let bits = shift & 15u;
  let q0 = low << bits;
  let q1 = (high << bits) | ((low >> 1u) >> (31u - bits));
  let q2 = (high >> 1u) >> (31u - bits);
  let slot = first + (shift >> 4u);
  add_digit(slot, q0 & DIGIT_MASK, negative);
  add_digit(slot + 1u, q0 >> 16u, negative);
  add_digit(slot + 2u, q1 & DIGIT_MASK, negative);
  add_digit(slot + 3u, q1 >> 16u, negative);
  add_digit(slot + 4u, q2, negative);
}

// One row per invocation.
@compute @workgroup_size(64)
fn accumulate(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = current.first_row + id.x;
  if (id.x >= current.round_rows || row >= current.rows) {
    return;
  }
  let group = group_of[row] - current.first_group;
  if (group >= current.groups) {
    return;
  }
  let first = group * RECORD;
  let value = x[row];
  let exponent = (value.y >> 20u) & 0x7ffu;
  let fraction = value.y & 0xfffffu;
  let negative = value.y >> 31u;
  if (exponent == 0x7ffu) {
    let nan = (fraction | value.x) != 0u;
    atomicAdd(&records[first + LANES + select(2u + negative, 1u, nan)], 1u);
    return;
  }
  atomicAdd(&records[first + LANES], 1u);
  if (((value.y & 0x7fffffffu) | value.x) == 0u) {
    return;
  }
  let place = max(exponent, 1u) - 1u;
  let block = place >> 5u;
  atomicOr(&records[current.groups * RECORD + (block >> 5u)], 1u << (block & 31u));
  let shift = place - current.base;
  if (shift < current.span) {
    let high = fraction | (u32(exponent != 0u) << 20u);
    deposit(first, value.x, high, negative, shift);
  }
}

// One group per invocation: brings all its lanes but the last into 0 .. 2^16.
@compute @workgroup_size(64)
fn carry(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= current.groups) {
    return;
  }
  let first = id.x * RECORD;
  var carried = 0u;
  for (var j = 0u; j < LANES - 1u; j = j + 1u) {
    let lane = atomicLoad(&records[first + j]) + carried;
    atomicStore(&records[first + j], lane & DIGIT_MASK);
    carried = (lane >> 16u) | ((0u - (lane >> 31u)) << 16u);
  }
  let top = first + LANES - 1u;
  atomicStore(&records[top], atomicLoad(&records[top]) + carried);
}
