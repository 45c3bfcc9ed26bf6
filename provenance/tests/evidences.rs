//! Evidence as bytes: one encoding, and limits before anything is allocated.

use veritrail_provenance::cbor::CborError;
use veritrail_provenance::evidence::*;

use crate::trails::{Data, Log, whole};

fn sample() -> Evidence {
    let mut lab = Log::new("../../x", 1);
    lab.genesis(4, &[1]);
    let data = Data::new(b"data");
    lab.version(1, 4, data.version(1, None));
    let other = Log::new("other", 2);
    let mut evidence = whole(&[&lab, &other], &[data.manifest, b"more".to_vec()]);
    evidence.logs[0] = lab.evidence([0, 2], &[1, 2]);
    evidence
}

/// A CBOR head of a type and a number, in its shortest form.
fn head(major: u8, n: u64) -> Vec<u8> {
    let major = major << 5;
    match n {
        0..=23 => vec![major | n as u8],
        24..=0xff => vec![major | 24, n as u8],
        0x100..=0xffff => [&[major | 25][..], &(n as u16).to_be_bytes()].concat(),
        0x1_0000..=0xffff_ffff => [&[major | 26][..], &(n as u32).to_be_bytes()].concat(),
        _ => [&[major | 27][..], &n.to_be_bytes()].concat(),
    }
}

fn bytes(size: usize) -> Vec<u8> {
    [head(2, size as u64), vec![0; size]].concat()
}

#[test]
fn evidence_reads_back_and_has_one_encoding() {
    let evidence = sample();
    let encoded = evidence.encode().unwrap();
    assert_eq!(Evidence::decode(&encoded).unwrap(), evidence);
    assert_eq!(
        Evidence::decode(&Evidence::default().encode().unwrap()).unwrap(),
        Evidence::default()
    );
    let blob = &evidence.blobs[0];
    assert_eq!(evidence.blob(&blob.id), Some(&blob.bytes[..]));
    assert!(evidence.log(&"other".parse().unwrap()).is_some());
}

#[test]
fn any_cut_or_surplus_is_refused_and_any_flipped_bit_decodes_to_something_else_or_nothing() {
    let evidence = sample();
    let encoded = evidence.encode().unwrap();
    for cut in 0..encoded.len() {
        assert!(Evidence::decode(&encoded[..cut]).is_err(), "cut at {cut}");
    }
    assert!(Evidence::decode(&[&encoded[..], &[0]].concat()).is_err());
    let mut decoded = 0;
    for bit in 0..encoded.len() * 8 {
        let mut wrong = encoded.clone();
        wrong[bit / 8] ^= 1 << (bit % 8);
        if let Ok(other) = Evidence::decode(&wrong) {
            assert_ne!(other, evidence, "bit {bit}");
            assert_eq!(other.encode().unwrap(), wrong, "one encoding, bit {bit}");
            decoded += 1;
        }
    }
    assert!(decoded > 100, "only {decoded}: hashes may be anything");
}

#[test]
fn hostile_sizes_are_refused_before_they_cost_anything() {
    let start = |count: u64| [vec![0x83, 1], head(4, count)].concat();
    let log = |entries: Vec<u8>, rest: Vec<u8>| {
        [start(1), vec![0x84, 0x61, b'a'], bytes(1), entries, rest].concat()
    };
    let entry = |size: usize, proof: usize| [vec![0x83, 0], bytes(size), bytes(proof)].concat();
    let hostile = [
        start(u64::MAX),
        start(1 << 40),
        [start(300), vec![0; 300]].concat(),
        log(head(4, u64::MAX), vec![]),
        log(head(4, 70_000), vec![0; 70_000]),
        log(head(4, 1), entry(65_536, 0)),
        log(head(4, 1), entry(1, 64 * 32)),
        log(head(4, 1), entry(1, 31)),
        log(head(4, 1), [vec![0x83, 0], head(2, u64::MAX)].concat()),
        log([head(4, 1), entry(1, 0)].concat(), head(4, 1 << 62)),
        log([head(4, 1), entry(1, 0)].concat(), [head(4, 300), vec![0; 300]].concat()),
        [vec![0x83, 1, 0x80], head(4, 1), vec![0x82], bytes(32), bytes((1 << 20) + 1)].concat(),
        [vec![0x83, 1, 0x80], head(4, 100_000), vec![0; 100_000]].concat(),
        [start(1), vec![0x84, 0x61, b'a'], bytes(65_537)].concat(),
        [vec![0x83, 1], head(3, u64::MAX)].concat(),
        [vec![0x9f; 1000]].concat(),
    ];
    for (at, hostile) in hostile.iter().enumerate() {
        let error = Evidence::decode(hostile).unwrap_err();
        let named = matches!(
            error,
            EvidenceError::TooMany { .. } | EvidenceError::Cbor(_) | EvidenceError::Proof { .. }
        );
        assert!(named, "{at}: {error}");
    }
    let large = vec![0; EVIDENCE_SIZE_MAX + 1];
    assert!(matches!(Evidence::decode(&large), Err(EvidenceError::TooMany { .. })));
}

#[test]
fn order_and_entry_0_are_part_of_the_form() {
    let good = sample();
    let mut wrong = Vec::new();
    let mut with = |change: &dyn Fn(&mut Evidence)| {
        let mut evidence = good.clone();
        change(&mut evidence);
        wrong.push(evidence);
    };
    with(&|e| e.logs.reverse());
    with(&|e| e.logs[1].origin = e.logs[0].origin.clone());
    with(&|e| e.blobs.reverse());
    with(&|e| e.blobs[1] = e.blobs[0].clone());
    with(&|e| e.logs[0].entries.reverse());
    with(&|e| e.logs[0].entries[1].index = 0);
    with(&|e| drop(e.logs[0].entries.remove(0)));
    with(&|e| e.logs[0].entries.clear());
    with(&|e| e.logs[0].consistency.reverse());
    with(&|e| e.blobs[0].bytes = vec![0; BLOB_SIZE_MAX + 1]);
    with(&|e| e.logs[0].entries[0].bytes = vec![0; 65_536]);
    with(&|e| e.logs[0].checkpoint = vec![0; 65_537]);
    for (at, evidence) in wrong.iter().enumerate() {
        let error = evidence.encode().unwrap_err();
        assert!(!error.to_string().is_empty());
        let report = check(evidence, &Default::default(), &[]);
        assert!(matches!(report.conclusion(), Conclusion::Failed { .. }), "{at}: {error}");
    }
    assert_eq!(wrong.len(), 12);
}

#[test]
fn other_versions_and_names_are_refused_with_the_place() {
    let encoded = sample().encode().unwrap();
    let mut newer = encoded.clone();
    newer[1] = 2;
    assert_eq!(Evidence::decode(&newer), Err(EvidenceError::Version(2)));
    let at = encoded.windows(5).position(|window| window == b"other").unwrap();
    let mut odd = encoded.clone();
    odd[at] = b' ';
    let error = Evidence::decode(&odd).unwrap_err().to_string();
    assert!(error.starts_with("logs[1].origin"), "{error}");
    assert!(matches!(Evidence::decode(&[]), Err(EvidenceError::Cbor(CborError::Truncated { .. }))));
}

#[test]
fn requests_read_back_and_are_bounded() {
    let origin = |name: &str| name.parse().unwrap();
    let request = EvidenceRequest {
        reference: "run:0123456789abcdef".to_owned(),
        known: vec![(origin("a"), 5), (origin("a"), 7), (origin("b"), 0)],
    };
    let encoded = request.encode().unwrap();
    assert_eq!(EvidenceRequest::decode(&encoded).unwrap(), request);
    for cut in 0..encoded.len() {
        assert!(EvidenceRequest::decode(&encoded[..cut]).is_err());
    }
    let long = EvidenceRequest { reference: "x".repeat(3_000), known: vec![] };
    assert!(long.encode().is_err());
    let twice = EvidenceRequest { known: vec![(origin("a"), 5); 2], ..request.clone() };
    assert!(twice.encode().is_err());
    let many = (0..300).map(|n| (origin("a"), n)).collect();
    assert!(EvidenceRequest { known: many, ..request }.encode().is_err());
    assert!(EvidenceRequest::decode(&vec![0; 100_000]).is_err());
    assert!(EvidenceRequest::decode(&[vec![0x83, 1, 0x60], head(4, u64::MAX)].concat()).is_err());
}
