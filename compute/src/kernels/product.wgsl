// Products of two f64 values, exactly: 106 bits, added into the window as six digits.

// The whole product of two words: its low and its high word.
fn multiply(a: u32, b: u32) -> vec2<u32> {
  let al = a & 0xffffu;
  let ah = a >> 16u;
  let bl = b & 0xffffu;
  let bh = b >> 16u;
  let low = al * bl;
  let cross = al * bh;
  let other = ah * bl;
  let middle = (low >> 16u) + (cross & 0xffffu) + (other & 0xffffu);
  return vec2<u32>(
    (low & 0xffffu) | (middle << 16u),
    ah * bh + (cross >> 16u) + (other >> 16u) + (middle >> 16u),
  );
}

// The product of two mantissas: four words, the last of ten bits.
fn product_of(a: vec2<u32>, b: vec2<u32>) -> vec4<u32> {
  let ll = multiply(a.x, b.x);
  let lh = multiply(a.x, b.y);
  let hl = multiply(a.y, b.x);
  let hh = multiply(a.y, b.y);
  let s1 = ll.y + lh.x;
  let c1 = u32(s1 < lh.x);
  let w1 = s1 + hl.x;
  let d1 = u32(w1 < hl.x);
  let s2 = lh.y + hl.y;
  let c2 = u32(s2 < hl.y);
  let t2 = s2 + hh.x;
  let d2 = u32(t2 < hh.x);
  let w2 = t2 + c1 + d1;
  let e2 = u32(w2 < c1 + d1);
  return vec4<u32>(ll.x, w1, w2, hh.y + c2 + d2 + e2);
}

// Adds a product of 106 bits, shifted to its place in the window: six digits.
fn deposit(thread: u32, product: vec4<u32>, negative: u32, shift: u32) {
  let digit = shift / 24u;
  let bits = shift - digit * 24u;
  let down = 31u - bits;
  let q0 = product.x << bits;
  let q1 = (product.y << bits) | ((product.x >> 1u) >> down);
  let q2 = (product.z << bits) | ((product.y >> 1u) >> down);
  let q3 = (product.w << bits) | ((product.z >> 1u) >> down);
  let q4 = (product.w >> 1u) >> down;
  let slot = digit * THREADS + thread;
  add_digit(slot, q0 & DIGIT_MASK, negative);
  add_digit(slot + THREADS, ((q0 >> 24u) | (q1 << 8u)) & DIGIT_MASK, negative);
  add_digit(slot + 2u * THREADS, ((q1 >> 16u) | (q2 << 16u)) & DIGIT_MASK, negative);
  add_digit(slot + 3u * THREADS, q2 >> 8u, negative);
  add_digit(slot + 4u * THREADS, q3 & DIGIT_MASK, negative);
  add_digit(slot + 5u * THREADS, (q3 >> 24u) | (q4 << 8u), negative);
}
