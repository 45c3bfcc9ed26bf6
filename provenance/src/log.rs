//! Log arithmetic: what a tiled Merkle log (c2sp.org/tlog-tiles) is, without any file or socket.
//!
//! A log is a list of entries. [`tree`] hashes it (RFC 6962), [`tile`] and [`entries`] name and
//! shape its files, [`note`] and [`checkpoint`] sign its head, [`proof`] shows that an entry is in
//! it or that one head extends another, [`audit`] checks all files of a log at once.

pub mod audit;
pub mod checkpoint;
pub mod entries;
pub mod known;
pub mod note;
pub mod proof;
pub mod tile;
pub mod tree;
