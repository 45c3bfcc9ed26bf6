//! `log audit` over logs that another implementation wrote: this one, made from RFC 6962 and the
//! pages of c2sp.org/tlog-tiles alone, as plainly as it can be, with none of our code but the
//! signature primitive.

use std::{fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};
use veritrail_provenance::identity::{SeedSigner, Signer as _};

use crate::house::{House, text};

type Hash = [u8; 32];

const ORIGIN: &str = "other.example/log";

fn hash(parts: &[&[u8]]) -> Hash {
    let mut sha256 = Sha256::new();
    parts.iter().for_each(|part| sha256.update(part));
    sha256.finalize().into()
}

/// The Merkle tree hash over leaf hashes, by the recursion of RFC 6962, section 2.1.
fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => hash(&[]),
        [one] => *one,
        more => {
            let split = more.len().next_power_of_two() / 2;
            let (left, right) = more.split_at(split);
            hash(&[&[1], &root(left), &root(right)])
        }
    }
}

/// `x001/x234/067`: three digits a part, x before all but the last.
fn number(n: usize) -> String {
    let mut text = format!("{:03}", n % 1_000);
    let mut rest = n / 1_000;
    while rest > 0 {
        text = format!("x{:03}/{text}", rest % 1_000);
        rest /= 1_000;
    }
    text
}

/// Writes items 256 to a file, the last file as a partial one.
fn write_tiles(folder: &Path, items: &[Vec<u8>]) {
    for (n, tile) in items.chunks(256).enumerate() {
        let partial = if tile.len() < 256 { format!(".p/{}", tile.len()) } else { String::new() };
        let path = folder.join(format!("{}{partial}", number(n)));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, tile.concat()).unwrap();
    }
}

/// A log of `size` entries in `folder`; gives its verifier key.
fn write_log(folder: &Path, size: usize) -> String {
    let entries: Vec<Vec<u8>> = (0..size).map(|n| format!("foreign {n}").into_bytes()).collect();
    let framed = |entry: &Vec<u8>| [&(entry.len() as u16).to_be_bytes(), &entry[..]].concat();
    write_tiles(&folder.join("tile/entries"), &entries.iter().map(framed).collect::<Vec<_>>());
    let leaves: Vec<Hash> = entries.iter().map(|entry| hash(&[&[0], entry])).collect();
    let (mut level, mut hashes) = (0, leaves.clone());
    while !hashes.is_empty() {
        let items: Vec<Vec<u8>> = hashes.iter().map(|hash| hash.to_vec()).collect();
        write_tiles(&folder.join(format!("tile/{level}")), &items);
        // One level up stands what full tiles hash to.
        hashes = hashes.chunks_exact(256).map(root).collect();
        level += 1;
    }
    let signer = SeedSigner::from_seed(zeroed([7; 32]));
    let key = [&[1], &signer.public_key().as_bytes()[..]].concat();
    let id = hash(&[ORIGIN.as_bytes(), b"\n", &key]);
    let body = format!("{ORIGIN}\n{size}\n{}\n", STANDARD.encode(root(&leaves)));
    let signature = signer.sign(body.as_bytes());
    let signed = STANDARD.encode([&id[..4], &signature.as_bytes()[..]].concat());
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("checkpoint"), format!("{body}\n\u{2014} {ORIGIN} {signed}\n")).unwrap();
    let digits: String = id[..4].iter().map(|b| format!("{b:02x}")).collect();
    format!("{ORIGIN}+{digits}+{}", STANDARD.encode(&key))
}

fn zeroed(seed: [u8; 32]) -> zeroize::Zeroizing<[u8; 32]> {
    zeroize::Zeroizing::new(seed)
}

#[test]
fn logs_of_another_writer_are_audited() {
    let house = House::empty();
    for size in [1, 2, 3, 255, 256, 257, 600, 66_000] {
        let folder = house.path().join(format!("log{size}"));
        let vkey = write_log(&folder, size);
        let folder = folder.to_str().unwrap();
        let audit = house.json(&["log", "audit", folder, "--vkey", &vkey]);
        assert_eq!((&audit["size"], &audit["opaque"]), (&size.into(), &size.into()), "{audit}");
        assert_eq!(text(&audit, "origin"), ORIGIN);
        assert_eq!(audit["findings"].as_array().unwrap().len(), 0, "{audit}");
        // No entry names a key, so without one the signature cannot be checked.
        assert_eq!(house.run(&["log", "audit", folder]).code, 1);
    }
}

#[test]
fn what_is_wrong_in_a_log_of_another_writer_is_found() {
    let house = House::empty();
    let folder = house.path().join("log");
    let vkey = write_log(&folder, 66_000);
    let audit = || house.run(&["log", "audit", "log", "--vkey", &vkey]);
    assert_eq!(audit().code, 0);
    let wrong = [
        ("tile/0/000", 31),
        ("tile/0/257.p/208", 1),
        ("tile/1/000", 8_000),
        ("tile/1/001.p/1", 3),
        ("tile/2/000.p/1", 30),
        ("tile/entries/100", 700),
        ("tile/entries/257.p/208", 5),
        ("checkpoint", 20),
    ];
    for (file, at) in wrong {
        let path = folder.join(file);
        let bytes = fs::read(&path).unwrap();
        let mut changed = bytes.clone();
        changed[at] ^= 2;
        fs::write(&path, changed).unwrap();
        let ran = audit();
        assert_eq!(ran.code, 3, "{file}: {}{}", ran.stdout, ran.stderr);
        fs::write(&path, bytes).unwrap();
    }
    assert_eq!(audit().code, 0);
}
