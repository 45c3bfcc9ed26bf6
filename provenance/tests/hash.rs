//! Hashes read and write as 64 lowercase hex digits and nothing else.

use veritrail_provenance::hash::*;

#[test]
fn a_hash_has_one_text() {
    let id = ChunkId::of(b"");
    let hex = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";
    assert_eq!(id.to_string(), hex);
    assert_eq!(hex.parse::<ChunkId>().unwrap(), id);
    assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{hex}\""));
    assert_eq!(serde_json::from_str::<ChunkId>(&format!("\"{hex}\"")).unwrap(), id);
    assert_eq!(hex.to_uppercase().parse::<ChunkId>(), Err(HashTextError::Digit(0)));
    assert_eq!(hex[1..].parse::<ChunkId>(), Err(HashTextError::Length(63)));
    assert_eq!(format!("{hex}0").parse::<ChunkId>(), Err(HashTextError::Length(65)));
    assert_eq!(hex.replace("62", "6g").parse::<ChunkId>(), Err(HashTextError::Digit(63)));
    assert!("é".repeat(32).parse::<ChunkId>().is_err());
}

#[test]
fn digests_are_those_of_sha256sum() {
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(FileDigest::of(b"").to_hex(), empty);
    assert_eq!(TextHash::of(b"").to_hex(), empty);
    assert_eq!(BinaryHash::of(b"").to_hex(), empty);
    assert_eq!(FileBlake3::of(b"abc").as_bytes(), ChunkId::of(b"abc").as_bytes());
}

#[test]
fn debug_names_the_type() {
    let root = DatasetRoot::from_bytes([0xab; 32]);
    assert_eq!(format!("{root:?}"), format!("DatasetRoot({})", "ab".repeat(32)));
}
