//! Bytes that last: disk, blobs, the log's writer, state, keys and peers.
