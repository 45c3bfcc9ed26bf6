//! A layout's files as a read-only object store, for readers of tables.
//!
//! A range of a file is read from the chunks that hold it, and within a chunk from the 16 KiB
//! groups that the range touches; every byte is checked against its chunk's hash on the way. What
//! was read is counted, so that a test can tell what a query touched.

mod count;
mod refuse;

use std::{fmt, ops::Range, sync::Arc};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, TryStreamExt, stream, stream::BoxStream};
use object_store::{
    CopyOptions, Error, GetOptions, GetRange, GetResult, GetResultPayload, ListResult,
    MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, Result, path::Path,
};
use veritrail_provenance::layout::{FileEntry, FilePath, Layout, LayoutError};

use count::Counter;
pub use count::ReadCount;
use refuse::{failed, not_found, read_only};

use crate::blob::Blobs;

/// Bytes that one item of a stream holds at most.
const PIECE_LEN_MAX: u64 = 1 << 20;

/// The files of one layout. Clones share one count.
#[derive(Clone)]
pub struct LayoutStore {
    layout: Arc<Layout>,
    blobs: Arc<dyn Blobs>,
    counter: Arc<Counter>,
}

impl LayoutStore {
    /// Reads the files of `layout`, whose chunks are in `blobs`.
    pub fn new(layout: Arc<Layout>, blobs: Arc<dyn Blobs>) -> Self {
        Self { layout, blobs, counter: Arc::default() }
    }

    /// What was read so far.
    pub fn count(&self) -> ReadCount {
        self.counter.count()
    }

    /// The path by which object_store names a file of the layout. Characters that object_store
    /// encodes are taken as they stand, so that it names this file and no other.
    pub fn location(path: &FilePath) -> Result<Path> {
        Ok(Path::parse(path.as_str())?)
    }

    /// Bytes of a file, checked.
    pub async fn read(&self, path: &FilePath, range: Range<u64>) -> Result<Bytes> {
        let spans = self.layout.spans(path, range).map_err(|e| match e {
            LayoutError::NoFile(path) => not_found(path.as_str()),
            e => failed(e),
        })?;
        let mut pieces = Vec::with_capacity(spans.len());
        for span in spans {
            let range = u64::from(span.from)..u64::from(span.to);
            let piece = self.blobs.read(&span.id, range).await.map_err(failed)?;
            self.counter.add(span.chunk, piece.len() as u64);
            pieces.push(piece);
        }
        match pieces.len() {
            0 => Ok(Bytes::new()),
            1 => Ok(pieces.swap_remove(0)),
            _ => {
                let mut all = BytesMut::with_capacity(pieces.iter().map(Bytes::len).sum());
                pieces.iter().for_each(|piece| all.extend_from_slice(piece));
                Ok(all.freeze())
            }
        }
    }

    fn file(&self, location: &Path) -> Result<&FileEntry> {
        let path: FilePath = location.as_ref().parse().map_err(|_| not_found(location.as_ref()))?;
        self.layout.file(&path).ok_or_else(|| not_found(location.as_ref()))
    }

    /// The content's hash is the entity tag: strong, and the same everywhere.
    fn meta(file: &FileEntry) -> Result<ObjectMeta> {
        Ok(ObjectMeta {
            location: Self::location(&file.path)?,
            last_modified: Default::default(),
            size: file.size,
            e_tag: Some(format!("\"{}\"", file.sha256)),
            version: None,
        })
    }

    /// Files whose path lies in the folder `prefix`, in path order.
    fn in_folder(&self, prefix: Option<&Path>) -> Vec<FileEntry> {
        let folder = prefix.map(|prefix| prefix.as_ref().to_owned()).unwrap_or_default();
        let inside = |file: &&FileEntry| match folder.is_empty() {
            true => true,
            false => {
                let rest = file.path.as_str().strip_prefix(folder.as_str());
                rest.is_some_and(|rest| rest.starts_with('/'))
            }
        };
        self.layout.files().iter().filter(inside).cloned().collect()
    }
}

#[async_trait]
impl ObjectStore for LayoutStore {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let file = self.file(location)?.clone();
        let meta = Self::meta(&file)?;
        options.check_preconditions(&meta)?;
        let range = match &options.range {
            None => 0..file.size,
            Some(GetRange::Bounded(range)) if range.is_empty() && range.end <= file.size => {
                range.clone()
            }
            Some(range) => range.as_range(file.size).map_err(failed)?,
        };
        let stream: BoxStream<'static, Result<Bytes>> = match options.head {
            true => stream::empty().boxed(),
            false => {
                let (store, path) = (self.clone(), file.path.clone());
                let starts = range.clone().step_by(PIECE_LEN_MAX as usize);
                let end = range.end;
                stream::iter(starts)
                    .then(move |start| {
                        let (store, path) = (store.clone(), path.clone());
                        let piece = start..(start + PIECE_LEN_MAX).min(end);
                        async move { store.read(&path, piece).await }
                    })
                    .boxed()
            }
        };
        let (payload, attributes) = (GetResultPayload::Stream(stream), Default::default());
        Ok(GetResult { payload, meta, range, attributes })
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        // Not coalesced: the bytes in between would be read and hashed for nothing.
        let path = self.file(location)?.path.clone();
        let read = |range: Range<u64>| {
            let (store, path) = (self.clone(), path.clone());
            async move { store.read(&path, range).await }
        };
        stream::iter(ranges.to_vec()).map(read).buffered(4).try_collect().await
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let metas: Vec<_> = self.in_folder(prefix).iter().map(Self::meta).collect();
        stream::iter(metas).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let mut result = ListResult { common_prefixes: Vec::new(), objects: Vec::new() };
        let skip = match prefix {
            Some(prefix) if !prefix.as_ref().is_empty() => prefix.as_ref().len() + 1,
            _ => 0,
        };
        for file in self.in_folder(prefix) {
            let path = file.path.as_str();
            match path.get(skip..).and_then(|rest| rest.find('/')) {
                None => result.objects.push(Self::meta(&file)?),
                Some(slash) => {
                    let folder = Path::parse(path.get(..skip + slash).unwrap_or_default())?;
                    if result.common_prefixes.last() != Some(&folder) {
                        result.common_prefixes.push(folder);
                    }
                }
            }
        }
        Ok(result)
    }

    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        Err(read_only())
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(read_only())
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        locations.map(|location| location.and(Err(read_only()))).boxed()
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<(), Error> {
        Err(read_only())
    }
}

impl fmt::Display for LayoutStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LayoutStore({})", self.layout.root())
    }
}

impl fmt::Debug for LayoutStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
