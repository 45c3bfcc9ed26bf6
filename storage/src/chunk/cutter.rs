//! Cuts a stream of bytes into chunks as it comes.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::{ChunkParams, CutPoints};

/// Holds the bytes since the last cut, and hands out chunks as soon as they are decided. Chunks
/// share the buffer's memory: nothing is copied twice but what straddles two buffers.
#[derive(Debug)]
pub struct Cutter {
    params: ChunkParams,
    points: VecDeque<u64>,
    buffer: BytesMut,
    /// Where in the sequence the buffer begins.
    offset: u64,
}

impl Cutter {
    /// At the beginning of a sequence.
    pub fn new(params: ChunkParams, points: &CutPoints) -> Self {
        let points = points.offsets().iter().copied().collect();
        Self { params, points, buffer: BytesMut::new(), offset: 0 }
    }

    /// Takes `bytes` and gives every chunk that is now decided to `chunk`.
    pub fn feed<E>(
        &mut self,
        mut bytes: &[u8],
        mut chunk: impl FnMut(Bytes) -> Result<(), E>,
    ) -> Result<(), E> {
        while !bytes.is_empty() {
            // At most one chunk's worth beyond what is buffered, so that the buffer stays small.
            let room = self.params.most().saturating_sub(self.buffer.len()).max(1);
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            if self.buffer.capacity() - self.buffer.len() < now.len() {
                self.buffer.reserve(self.params.most() * 2);
            }
            self.buffer.extend_from_slice(now);
            bytes = later;
            self.cut(&mut chunk)?;
        }
        Ok(())
    }

    /// Gives what is left to `chunk`: the sequence is over.
    pub fn finish<E>(mut self, mut chunk: impl FnMut(Bytes) -> Result<(), E>) -> Result<(), E> {
        self.cut(&mut chunk)?;
        while !self.buffer.is_empty() {
            let len = self.params.cut(&self.buffer).clamp(1, self.buffer.len());
            chunk(self.buffer.split_to(len).freeze())?;
        }
        Ok(())
    }

    fn cut<E>(&mut self, chunk: &mut impl FnMut(Bytes) -> Result<(), E>) -> Result<(), E> {
        while let Some(len) = self.decided() {
            self.offset += len as u64;
            self.points.pop_front_if(|point| *point <= self.offset);
            chunk(self.buffer.split_to(len).freeze())?;
        }
        Ok(())
    }

    /// The length of the next chunk, if the bytes at hand decide it: there is a longest chunk's
    /// worth, or a cut point lies among them.
    fn decided(&mut self) -> Option<usize> {
        let to_point = self.points.front().map(|point| point.saturating_sub(self.offset));
        let to_point = to_point.and_then(|len| usize::try_from(len).ok());
        let piece = match to_point {
            Some(len) if len <= self.buffer.len() => self.buffer.get(..len)?,
            _ if self.buffer.len() >= self.params.most() => &self.buffer,
            _ => return None,
        };
        Some(self.params.cut(piece).clamp(1, piece.len()))
    }
}
