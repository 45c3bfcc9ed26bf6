//! Writes deterministic CBOR item by item; the caller keeps counts and key order right.

/// Bytes that grow by one item at a time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(crate) fn uint(&mut self, n: u64) {
        self.head(0, n);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.head(2, bytes.len() as u64);
        self.raw(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.head(3, text.len() as u64);
        self.raw(text.as_bytes());
    }

    pub(crate) fn array(&mut self, n: usize) {
        self.head(4, n as u64);
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn map(&mut self, n: usize) {
        self.head(5, n as u64);
    }

    pub(super) fn tag(&mut self, tag: u64) {
        self.head(6, tag);
    }

    pub(super) fn bool(&mut self, b: bool) {
        self.bytes.push(if b { 0xf5 } else { 0xf4 });
    }

    pub(super) fn null(&mut self) {
        self.bytes.push(0xf6);
    }

    pub(super) fn float(&mut self, float: f64) {
        self.bytes.push(0xfb);
        self.raw(&float.to_be_bytes());
    }

    /// Within ±2^64, all that CBOR integers hold; ciborium's type allows no more.
    pub(super) fn integer(&mut self, n: i128) {
        let (major, magnitude) = if n < 0 { (1, -1 - n) } else { (0, n) };
        self.head(major, u64::try_from(magnitude).unwrap_or(u64::MAX));
    }

    fn head(&mut self, major: u8, n: u64) {
        let major = major << 5;
        let be = n.to_be_bytes();
        match n {
            0..=23 => self.bytes.push(major | be[7]),
            24..=0xff => self.raw(&[major | 24, be[7]]),
            0x100..=0xffff => {
                self.bytes.push(major | 25);
                self.raw(&be[6..]);
            }
            0x1_0000..=0xffff_ffff => {
                self.bytes.push(major | 26);
                self.raw(&be[4..]);
            }
            _ => {
                self.bytes.push(major | 27);
                self.raw(&be);
            }
        }
    }
}
