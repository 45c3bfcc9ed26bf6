//! The encrypted file of docs/formats/private.md: it was made once, and must open for ever.

use std::{io::Read as _, path::PathBuf, sync::Arc};

use veritrail_storage::{
    blob::{Blobs, MemoryBlobs},
    chunk::Passed,
    private::{Sealing, VersionIdentity, open, padded_len},
};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/formats/golden").join(name)
}

/// Encrypts `plain`, which is not padded yet. Only where the golden file is made.
async fn encrypt(identity: &VersionIdentity, plain: &[u8]) -> Vec<u8> {
    let blobs: Arc<dyn Blobs> = Arc::new(MemoryBlobs::default());
    let mut sealing = Sealing::begin(identity, plain.len() as u64, blobs.batch()).unwrap();
    sealing.feed(plain).unwrap();
    let Passed { layout, batch } = sealing.finish().unwrap();
    batch.commit().await.unwrap();
    let mut ciphertext = Vec::new();
    for chunk in layout.chunks() {
        ciphertext.extend_from_slice(&blobs.read_all(&chunk.id).await.unwrap());
    }
    ciphertext
}

#[tokio::test(flavor = "multi_thread")]
async fn the_golden_file_opens_to_the_golden_pack() {
    let mut pack = std::fs::read(path("private-pack-header.bin")).unwrap();
    pack.extend_from_slice(b"age,group\n41,a\n37,b\nwhat");
    let bless = std::env::var("VERITRAIL_BLESS").is_ok_and(|value| value == "1");
    if bless && !path("private.age").exists() {
        let identity = VersionIdentity::generate().unwrap();
        std::fs::write(path("private.age"), encrypt(&identity, &pack).await).unwrap();
        let text = format!("{}\n{}\n", *identity.secret_text(), identity.recipient());
        std::fs::write(path("private-identity.txt"), text).unwrap();
    }
    let keys = std::fs::read_to_string(path("private-identity.txt")).unwrap();
    let mut keys = keys.lines();
    let identity = VersionIdentity::read(keys.next().unwrap()).unwrap();
    assert_eq!(Some(identity.recipient().as_str()), keys.next());
    let ciphertext = std::fs::read(path("private.age")).unwrap();
    let mut plain = Vec::new();
    open(&ciphertext[..], &identity).unwrap().read_to_end(&mut plain).unwrap();
    pack.resize(usize::try_from(padded_len(pack.len() as u64).unwrap()).unwrap(), 0);
    assert!(plain == pack, "{} bytes, {} expected", plain.len(), pack.len());
}
