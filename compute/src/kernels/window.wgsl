// What the kernels over whole columns share: f64 values taken apart by their bits, and a window of
// 256 bits in which a workgroup adds them up exactly. Unsigned 32-bit integers only.
//
// A lane is a signed digit of 24 bits in a u32 (two's complement), worth 2^(24·j) of the window.
// A thread adds at most STEPS = 64 values, so |lane| < 64 · 2^24 = 2^30: nothing is carried until
// the thread is done.

const DIGITS = 11u;
const DIGIT_MASK = 0xffffffu;
const THREADS = 64u;
const STEPS = 64u;
const LEVELS = 6u;
const RECORD = 20u;

struct Pass {
  // Rows of the tile.
  rows: u32,
  // The place (in bits above the smallest value's last bit) where the window begins; whole
  // blocks of 32.
  base: u32,
  // Places that the window covers, from its base on.
  span: u32,
  // Where this pass's records begin, in records.
  first_record: u32,
}

@group(0) @binding(0) var<uniform> current: Pass;
@group(0) @binding(1) var<storage, read_write> records: array<u32>;

// lanes[digit * THREADS + thread]: every thread has its own column and its own bank.
var<workgroup> lanes: array<u32, 704>;
// tallies[thread]: finite, NaN, +infinity, -infinity. seen[thread]: one bit per block of places.
var<workgroup> tallies: array<vec4<u32>, 64>;
var<workgroup> seen: array<vec4<u32>, 64>;

// The place of a finite value's last bit: 0 for subnormals and for the smallest normals.
fn place_of(high: u32) -> u32 {
  return max((high >> 20u) & 0x7ffu, 1u) - 1u;
}

// The mantissa, with the leading one that normal numbers imply.
fn mantissa_of(value: vec2<u32>) -> vec2<u32> {
  let normal = u32(((value.y >> 20u) & 0x7ffu) != 0u);
  return vec2<u32>(value.x, (value.y & 0xfffffu) | (normal << 20u));
}

// One in the place of a value's sort: finite, NaN, +infinity, -infinity.
fn sort_of(value: vec2<u32>) -> vec4<u32> {
  let fraction = (value.y & 0xfffffu) | value.x;
  let special = ((value.y >> 20u) & 0x7ffu) == 0x7ffu;
  let infinite = special && fraction == 0u;
  let negative = (value.y >> 31u) == 1u;
  return vec4<u32>(
    u32(!special),
    u32(special && fraction != 0u),
    u32(infinite && !negative),
    u32(infinite && negative),
  );
}

// The bit of the block of 32 places that holds this place.
fn block_bit(place: u32) -> vec4<u32> {
  let block = place >> 5u;
  let bit = 1u << (block & 31u);
  return select(vec4<u32>(0u), vec4<u32>(bit), vec4<u32>(block >> 5u) == vec4<u32>(0u, 1u, 2u, 3u));
}

// Empties a thread's own column: not every driver hands out zeroed workgroup memory.
fn clear(thread: u32) {
  for (var j = 0u; j < DIGITS; j = j + 1u) {
    lanes[j * THREADS + thread] = 0u;
  }
}

// Adds a digit, or its negative where `negative` is 1.
fn add_digit(slot: u32, digit: u32, negative: u32) {
  lanes[slot] = lanes[slot] + ((digit ^ (0u - negative)) + negative);
}

// The carry out of a signed lane: its arithmetic shift to the right by 24.
fn carry_of(lane: u32) -> u32 {
  return (lane >> 24u) | ((0u - (lane >> 31u)) << 8u);
}

// Brings all lanes of a column but the last into 0 .. 2^24; the last keeps the sign.
fn carry_up(thread: u32) {
  var carry = 0u;
  for (var j = 0u; j < DIGITS - 1u; j = j + 1u) {
    let lane = lanes[j * THREADS + thread] + carry;
    lanes[j * THREADS + thread] = lane & DIGIT_MASK;
    carry = carry_of(lane);
  }
  let top = (DIGITS - 1u) * THREADS + thread;
  lanes[top] = lanes[top] + carry;
}

// Adds the columns of all threads into the first and writes the workgroup's record.
fn reduce(thread: u32, workgroup: u32) {
  carry_up(thread);
  for (var level = 0u; level < LEVELS; level = level + 1u) {
    workgroupBarrier();
    let half = (THREADS / 2u) >> level;
    if (thread < half) {
      for (var j = 0u; j < DIGITS; j = j + 1u) {
        let at = j * THREADS + thread;
        lanes[at] = lanes[at] + lanes[at + half];
      }
      tallies[thread] = tallies[thread] + tallies[thread + half];
      seen[thread] = seen[thread] | seen[thread + half];
    }
  }
  if (thread != 0u) {
    return;
  }
  carry_up(0u);
  let first = (current.first_record + workgroup) * RECORD;
  for (var j = 0u; j < DIGITS; j = j + 1u) {
    records[first + j] = lanes[j * THREADS];
  }
  for (var j = 0u; j < 4u; j = j + 1u) {
    records[first + DIGITS + j] = tallies[0u][j];
    records[first + DIGITS + 4u + j] = seen[0u][j];
  }
}
