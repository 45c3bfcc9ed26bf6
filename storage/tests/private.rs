//! Private bytes at rest: how long they are made, that only their identity opens them, and that no
//! altered byte is taken.

use std::{io::Read as _, sync::Arc};

use proptest::prelude::*;
use veritrail_provenance::layout::{Layout, PRIVATE_PATH, private_chunk_len};
use veritrail_storage::{
    blob::{Blobs, MemoryBlobs},
    chunk::Passed,
    disk::{Access, Crash, Disk, DiskPath, MemoryDisk},
    keys::{KeyFileError, KeyFiles, SecretName, Seed, WrappedSecrets, is_recipient},
    private::{
        PADDED_MIN, PrivateError, RecoveryKey, Sealing, VersionIdentity, open, padded_len,
        payload_len,
    },
};
use zeroize::Zeroizing;

const MIB: usize = 1 << 20;

fn sample(len: usize, seed: u8) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(&[seed]).finalize_xof().fill(&mut bytes);
    bytes
}

/// Seals `plain` in pieces of `feed` bytes; the layout and the ciphertext.
fn sealed(identity: &VersionIdentity, plain: &[u8], feed: usize) -> (Layout, Vec<u8>) {
    let blobs = MemoryBlobs::default();
    let mut sealing = Sealing::begin(identity, plain.len() as u64, blobs.batch()).unwrap();
    plain.chunks(feed).for_each(|piece| sealing.feed(piece).unwrap());
    let Passed { layout, batch } = sealing.finish().unwrap();
    batch.commit_blocking().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut all = Vec::new();
    for chunk in layout.chunks() {
        all.extend_from_slice(&runtime.block_on(blobs.read_all(&chunk.id)).unwrap());
    }
    (layout, all)
}

fn opened(identity: &VersionIdentity, ciphertext: &[u8]) -> Result<Vec<u8>, String> {
    let mut plain = Vec::new();
    let mut reader = open(ciphertext, identity).map_err(|e| e.to_string())?;
    reader.read_to_end(&mut plain).map_err(|e| e.to_string())?;
    Ok(plain)
}

#[test]
fn what_is_sealed_opens_padded_and_says_its_padded_length_alone() {
    let identity = VersionIdentity::generate().unwrap();
    for (len, feed) in
        [(0, 1), (1, 1), (65_535, 1_000), (65_536, 65_536), (70_001, 999), (3 * MIB + 17, MIB)]
    {
        let plain = sample(len, 1);
        let (layout, ciphertext) = sealed(&identity, &plain, feed);
        let padded = padded_len(len as u64).unwrap();
        let back = opened(&identity, &ciphertext).unwrap();
        assert_eq!(back.len() as u64, padded, "{len}");
        assert_eq!(&back[..len], plain);
        assert!(back[len..].iter().all(|byte| *byte == 0));
        // One file of the fixed name; the header is all that is not payload.
        let [file] = layout.files() else { panic!("{:?}", layout.files()) };
        assert_eq!((file.path.as_str(), file.size), (PRIVATE_PATH, ciphertext.len() as u64));
        let header = ciphertext.len() as u64 - payload_len(padded);
        assert!((150..600).contains(&header), "{header}");
        let full = private_chunk_len(file.size);
        let (last, before) = layout.chunks().split_last().unwrap();
        assert!(before.iter().all(|chunk| chunk.length == full) && last.length <= full);
        assert!(layout.head().is_private());
        // The plaintext stands nowhere in it.
        if len > 64 {
            let needle = &plain[32..64];
            assert!(!ciphertext.windows(32).any(|window| window == needle));
        }
    }
}

#[test]
fn the_same_bytes_twice_share_nothing() {
    let identity = VersionIdentity::generate().unwrap();
    let plain = sample(2 * MIB, 2);
    let (one, _) = sealed(&identity, &plain, MIB);
    let (two, _) = sealed(&identity, &plain, MIB);
    assert_ne!((one.root(), one.content()), (two.root(), two.content()));
    assert!(one.chunks().iter().all(|a| two.chunks().iter().all(|b| a.id != b.id)));
}

#[test]
fn no_other_identity_opens_it_and_no_altered_byte_is_taken() {
    let identity = VersionIdentity::generate().unwrap();
    let (_, ciphertext) = sealed(&identity, &sample(70_000, 3), 70_000);
    assert!(opened(&VersionIdentity::generate().unwrap(), &ciphertext).is_err());
    let step = ciphertext.len() / 200;
    let mut tried = 0;
    for at in (0..ciphertext.len()).step_by(step).chain(0..400) {
        let mut altered = ciphertext.clone();
        altered[at] ^= 1;
        assert!(opened(&identity, &altered).is_err(), "byte {at}");
        tried += 1;
    }
    assert!(tried > 500, "{tried}");
    // Cut at the end of a part as well as within one.
    for cut in [1, 16, ciphertext.len() % 65_552, 65_552, ciphertext.len() - 1] {
        assert!(opened(&identity, &ciphertext[..ciphertext.len() - cut]).is_err(), "{cut}");
    }
    let longer = [&ciphertext[..], &[0]].concat();
    assert!(opened(&identity, &longer).is_err());
}

#[test]
fn more_or_fewer_bytes_than_announced_are_refused() {
    let identity = VersionIdentity::generate().unwrap();
    let begin = |len| Sealing::begin(&identity, len, MemoryBlobs::default().batch()).unwrap();
    let mut more = begin(3);
    assert!(matches!(more.feed(&[1; 4]), Err(PrivateError::Length { given: 4, announced: 3 })));
    let mut fewer = begin(3);
    fewer.feed(&[1; 2]).unwrap();
    assert!(matches!(fewer.finish(), Err(PrivateError::Length { given: 2, announced: 3 })));
    let far = Sealing::begin(&identity, u64::MAX, MemoryBlobs::default().batch());
    assert!(matches!(far, Err(PrivateError::Length { .. })));
}

proptest! {
    #[test]
    fn padding_is_short_and_leaves_few_lengths(len in 1_u64..1 << 50) {
        let padded = padded_len(len).unwrap();
        prop_assert!(padded >= len.max(PADDED_MIN));
        prop_assert!(len < PADDED_MIN || padded - len <= len / 8, "{} {}", len, padded);
        prop_assert_eq!(padded_len(padded), Some(padded), "what is padded stays as it is");
        // Of E + 1 bits, floor(log2 E) + 1 are left beside the first.
        let exponent = padded.ilog2();
        prop_assert!(exponent - padded.trailing_zeros().min(exponent) <= exponent.ilog2() + 1);
    }
}

/// Lengths, their padded lengths, and keys that follow from a person's: all that a reader of
/// docs/formats/private.md needs to compare with.
#[test]
fn padding_and_recovery_keys_are_as_the_golden_file_says() {
    let mut found = String::new();
    for len in [0, 1, 65_536, 65_537, 69_632, 69_633, 1_000_000, 10_000_000_000, 1 << 40] {
        found += &format!("padded {len} {}\n", padded_len(len).unwrap());
    }
    for seed in [1, 101] {
        let person = Seed::from_bytes(Zeroizing::new([seed; 32]));
        found += &format!("recovery {seed} {}\n", RecoveryKey::of(&person).unwrap().recipient());
    }
    let golden = include_str!("../../docs/formats/golden/private.txt");
    assert_eq!(found, golden, "\n{found}");
}

#[test]
fn a_wrapped_secret_opens_with_the_words_key_alone() {
    let (ada, ben) = (Seed::generate().unwrap(), Seed::generate().unwrap());
    let key = RecoveryKey::of(&ada).unwrap();
    let wrapped = key.wrap(b"a secret").unwrap();
    assert_eq!(&*RecoveryKey::of(&ada).unwrap().unwrap(&wrapped).unwrap(), b"a secret");
    assert!(RecoveryKey::of(&ben).unwrap().unwrap(&wrapped).is_err());
    assert!(!wrapped.windows(8).any(|window| window == b"a secret"));
    for at in 0..wrapped.len() {
        let mut altered = wrapped.clone();
        altered[at] ^= 1;
        assert!(key.unwrap(&altered).is_err(), "byte {at}");
    }
    let identity = VersionIdentity::generate().unwrap();
    let back = VersionIdentity::read(&identity.secret_text()).unwrap();
    assert_eq!(back.recipient(), identity.recipient());
    assert!(is_recipient(&identity.recipient()));
    assert!(!format!("{identity:?}{key:?}").contains("SECRET"));
    for wrong in ["", "age1", "AGE-SECRET-KEY-1QQQQ", &identity.recipient()] {
        assert!(VersionIdentity::read(wrong).is_err(), "{wrong}");
    }
}

fn secrets() -> (MemoryDisk, WrappedSecrets) {
    let disk = MemoryDisk::new();
    KeyFiles::create(Arc::new(disk.clone()), DiskPath::new("keys").unwrap()).unwrap();
    disk.fsync_dir(&DiskPath::ROOT).unwrap();
    let secrets = WrappedSecrets::of(Arc::new(disk.clone()));
    (disk, secrets)
}

fn path(text: &str) -> DiskPath {
    DiskPath::new(text).unwrap()
}

#[test]
fn wrapped_secrets_survive_power_loss_and_the_loss_of_either_folder() {
    let (disk, secrets) = secrets();
    let recipient = VersionIdentity::generate().unwrap().recipient();
    let names = [SecretName::CommitmentMaster, SecretName::Version(recipient.clone())];
    for name in &names {
        assert_eq!(secrets.read(name).unwrap(), None);
        secrets.write(name, b"wrapped").unwrap();
        assert!(matches!(secrets.write(name, b"other"), Err(KeyFileError::Exists { .. })));
    }
    let file = format!("keys/{recipient}.age");
    let after = disk.crash(Crash::LoseAll);
    for folder in ["keys", "recovery"] {
        let one = after.crash(Crash::LoseAll);
        for name in one.list(&path(folder)).unwrap() {
            one.unlink(&path(&format!("{folder}/{name}"))).unwrap();
        }
        let left = WrappedSecrets::of(Arc::new(one.clone()));
        for name in &names {
            assert_eq!(left.read(name).unwrap().as_deref(), Some(&b"wrapped"[..]), "{folder}");
        }
        let restored = left.restore().unwrap();
        assert_eq!(restored.len(), if folder == "keys" { 2 } else { 0 });
        if folder == "keys" {
            assert_eq!(one.read(&path(&file), 99).unwrap(), b"wrapped");
            assert!(!one.metadata(&path(&file)).unwrap().unwrap().open_to_others);
            assert!(left.restore().unwrap().is_empty());
        }
    }
    secrets.remove(&names[1]).unwrap();
    let after = WrappedSecrets::of(Arc::new(disk.crash(Crash::LoseAll)));
    assert_eq!(after.read(&names[1]).unwrap(), None);
    assert!(after.read(&names[0]).unwrap().is_some());
}

#[test]
fn wrapped_secrets_that_others_can_read_are_refused() {
    let (disk, secrets) = secrets();
    secrets.write(&SecretName::CommitmentMaster, b"wrapped").unwrap();
    let file = path("keys/commitments.age");
    assert!(!disk.metadata(&file).unwrap().unwrap().open_to_others);
    disk.unlink(&file).unwrap();
    disk.create_new(&file, Access::Shared).unwrap().write_at(0, b"wrapped").unwrap();
    let read = secrets.read(&SecretName::CommitmentMaster);
    assert!(matches!(read, Err(KeyFileError::OpenToOthers { .. })), "{read:?}");
}
