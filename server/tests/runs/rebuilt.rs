//! Bundles that a forger took apart and put together again, with a listing that fits: the container
//! is right, so everything must show in the content.

use std::{collections::BTreeMap, fs::File, io::Cursor, path::Path};

use veritrail_provenance::{
    evidence::Evidence,
    hash::{ChunkId, FileDigest, TableHash},
};
use veritrail_server::{
    node::{
        bundle::{
            BundleRequest, DataInside,
            container::{EntryKind, Listed, Listing, Reader, Writer},
            verify::{BundleCheck, verify_bundle},
        },
        report::Verification,
    },
    progress::Silent,
};

use super::false_claims::{claim, receipt};
use crate::labs::{Lab, rain};

/// A bundle's parts by name.
#[derive(Clone)]
struct Parts {
    subject: String,
    entries: BTreeMap<String, (EntryKind, Vec<u8>)>,
}

impl Parts {
    fn read(path: &Path) -> Self {
        let mut reader = Reader::open(File::open(path).unwrap()).unwrap();
        let subject = reader.subject().to_owned();
        let mut entries = BTreeMap::new();
        for entry in reader.entries().to_vec() {
            let bytes = reader.read(&entry).unwrap();
            entries.insert(entry.listed.name.clone(), (entry.listed.kind, bytes));
        }
        Self { subject, entries }
    }

    fn write(&self, path: &Path) {
        let listed = self.entries.iter().map(|(name, (kind, bytes))| Listed {
            name: name.clone(),
            kind: kind.clone(),
            size: bytes.len() as u64,
            sha256: FileDigest::of(bytes),
        });
        let listing = Listing::new(self.subject.clone(), listed.collect()).unwrap();
        let mut writer = Writer::begin(Cursor::new(Vec::new()), &listing).unwrap();
        for entry in &listing.entries {
            writer.entry(&entry.name).unwrap();
            writer.write(&self.entries[&entry.name].1).unwrap();
        }
        std::fs::write(path, writer.finish().unwrap().into_inner()).unwrap();
    }

    fn name_of(&self, kind: &EntryKind) -> String {
        self.entries.iter().find(|(_, (k, _))| k == kind).unwrap().0.clone()
    }

    fn evidence(&self) -> Evidence {
        Evidence::decode(&self.entries["evidence.cbor"].1).unwrap()
    }

    fn with_evidence(&self, evidence: &Evidence) -> Self {
        let mut other = self.clone();
        other.entries.get_mut("evidence.cbor").unwrap().1 = evidence.encode().unwrap();
        other
    }
}

struct Forge {
    lab: Lab,
    parts: Parts,
}

impl Forge {
    async fn new() -> Self {
        let lab = Lab::new("Ada");
        lab.publish("rain", &rain(100)).await;
        let ran =
            lab.run("SELECT town, avg(mm) AS mm FROM rain GROUP BY town", &["rain=rain"]).await;
        let out = lab.path("run.veritrail");
        let data = DataInside::Whole;
        let request = BundleRequest { reference: ran.reference, out: out.clone(), data };
        lab.node.bundle(request, &Silent).await.unwrap();
        let forge = Self { parts: Parts::read(&out), lab };
        let (code, done) = forge.check(&forge.parts);
        assert_eq!(code, 0, "{done:?}");
        forge
    }

    /// The exit code, whatever way it comes about.
    fn check(&self, parts: &Parts) -> (u8, Option<Verification>) {
        let bundle = self.lab.path("forged.veritrail");
        parts.write(&bundle);
        let check = BundleCheck { bundle, trust: vec![self.lab.did()], data: Vec::new() };
        match verify_bundle(None, &check, &Silent) {
            Ok(done) => (done.exit_code(), Some(done)),
            Err(e) => (e.kind.exit_code(), None),
        }
    }

    #[track_caller]
    fn refused(&self, parts: &Parts, names: &str) {
        let (code, done) = self.check(parts);
        let findings = done.map(|done| done.findings.join("; ")).unwrap_or_default();
        assert_eq!(code, 3, "{findings}");
        assert!(findings.contains(names), "{findings} does not name {names}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_held_against_what_was_signed() {
    let forge = Forge::new().await;
    for kind in [EntryKind::Output, EntryKind::Data] {
        let mut parts = forge.parts.clone();
        let name = parts.name_of(&kind);
        parts.entries.get_mut(&name).unwrap().1[10] ^= 1;
        forge.refused(&parts, &name);
        // Elsewhere it is nobody's file.
        let mut parts = forge.parts.clone();
        let (kind, bytes) = parts.entries.remove(&name).unwrap();
        let root = name.split('/').nth(1).unwrap();
        parts.entries.insert(name.replace(root, &"0".repeat(64)), (kind, bytes));
        forge.refused(&parts, "no manifest in the bundle has this root");
    }
    let mut parts = forge.parts.clone();
    let page = parts.name_of(&EntryKind::Page);
    parts.entries.remove(&page);
    forge.refused(&parts, "does not hold its list of files");
    let mut parts = forge.parts.clone();
    parts.entries.insert("keys/person.key".to_owned(), (EntryKind::Data, b"secret".to_vec()));
    forge.refused(&parts, "keys/person.key");
}

#[tokio::test(flavor = "multi_thread")]
async fn blobs_are_what_statements_name() {
    let forge = Forge::new().await;
    for kind in [EntryKind::Manifest, EntryKind::Spec, EntryKind::Details, EntryKind::Page] {
        let name = forge.parts.name_of(&kind);
        let mut parts = forge.parts.clone();
        let at = parts.entries[&name].1.len() / 2;
        parts.entries.get_mut(&name).unwrap().1[at] ^= 1;
        forge.refused(&parts, &name);
        // Under its own new hash, no statement names it.
        let (kind, bytes) = parts.entries.remove(&name).unwrap();
        let renamed = ChunkId::of(&bytes).to_string();
        parts.entries.insert(format!("blobs/{renamed}"), (kind, bytes));
        forge.refused(&parts, &renamed);
    }
    // Left out, it is missed: not a forgery, and no answer.
    let mut parts = forge.parts.clone();
    let spec = parts.name_of(&EntryKind::Spec);
    parts.entries.remove(&spec);
    let (code, done) = forge.check(&parts);
    assert_eq!(code, 1);
    assert!(done.unwrap().missing.iter().any(|missing| missing.contains("spec")));
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_proofs_and_checkpoints() {
    let forge = Forge::new().await;
    let evidence = forge.parts.evidence();
    let last = evidence.logs[0].entries.len() - 1;
    let mut other = evidence.clone();
    let bytes = &mut other.logs[0].entries[last].bytes;
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    let place = format!("#{}", other.logs[0].entries[last].index);
    forge.refused(&forge.parts.with_evidence(&other), &place);
    let mut other = evidence.clone();
    other.logs[0].entries[last].proof.reverse();
    forge.refused(&forge.parts.with_evidence(&other), &place);
    let mut other = evidence.clone();
    let note = String::from_utf8(other.logs[0].checkpoint.clone()).unwrap();
    let size = note.lines().nth(1).unwrap();
    let larger = note.replacen(&format!("\n{size}\n"), &format!("\n{size}0\n"), 1);
    other.logs[0].checkpoint = larger.into_bytes();
    forge.refused(&forge.parts.with_evidence(&other), "checkpoint");
    // Without one of its entries the story has a gap; it is never verified.
    for left_out in 1..=last {
        let mut other = evidence.clone();
        other.logs[0].entries.remove(left_out);
        let (code, done) = forge.check(&forge.parts.with_evidence(&other));
        assert_ne!(code, 0, "entry {left_out}: {done:?}");
    }
    // Another's log key over the same entries.
    let eve = Lab::new("Eve");
    let head = eve.node.log_head().unwrap();
    let mut other = evidence.clone();
    other.logs[0].checkpoint = head.note.into_bytes();
    forge.refused(&forge.parts.with_evidence(&other), "checkpoint");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bundle_says_of_itself() {
    let forge = Forge::new().await;
    // Another subject than the evidence shows.
    let another = "run:".to_owned() + &"0".repeat(64);
    for (subject, expected) in [(another, 3), ("rain".to_owned(), 1), (String::new(), 1)] {
        let parts = Parts { subject: subject.clone(), ..forge.parts.clone() };
        assert_eq!(forge.check(&parts).0, expected, "{subject:?}");
    }
    // A later kind is carried and told.
    let mut parts = forge.parts.clone();
    let later = EntryKind::Other("hologram".to_owned());
    parts.entries.insert("hologram/one".to_owned(), (later, b"?".to_vec()));
    let (code, done) = forge.check(&parts);
    assert_eq!(code, 0);
    assert!(
        done.unwrap()
            .missing
            .iter()
            .any(|m| m.contains("not understood") && m.contains("hologram"))
    );
    let mut parts = forge.parts.clone();
    parts.entries.remove("evidence.cbor");
    assert_eq!(forge.check(&parts).0, 3);
    let mut parts = forge.parts.clone();
    let evidence = parts.entries["evidence.cbor"].clone();
    parts.entries.insert("evidence2.cbor".to_owned(), evidence);
    forge.refused(&parts, "evidence2.cbor");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_single_byte_goes_unnoticed() {
    let forge = Forge::new().await;
    let mut tried = 0;
    for (name, (_, bytes)) in &forge.parts.entries {
        if name == "README.txt" {
            continue;
        }
        let step = (bytes.len() / 40).max(1);
        for at in (0..bytes.len()).step_by(step) {
            let mut parts = forge.parts.clone();
            parts.entries.get_mut(name).unwrap().1[at] ^= 1 << (at % 8);
            let (code, done) = forge.check(&parts);
            assert_ne!(code, 0, "{name}, byte {at}: {done:?}");
            tried += 1;
        }
    }
    assert!(tried > 300, "{tried}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_that_was_left_out_is_told() {
    let forge = Forge::new().await;
    let (_, whole) = forge.check(&forge.parts);
    assert_eq!(whole.unwrap().missing, Vec::<String>::new());
    let mut parts = forge.parts.clone();
    let output = parts.name_of(&EntryKind::Output);
    parts.entries.remove(&output);
    let (code, done) = forge.check(&parts);
    let missing = done.unwrap().missing;
    assert_eq!(code, 0, "{missing:?}");
    assert!(missing.iter().any(|one| one.contains("rest on its signer's word")), "{missing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_kind_hides_nothing() {
    let forge = Forge::new().await;
    let mut parts = forge.parts.clone();
    let page = parts.name_of(&EntryKind::Page);
    parts.entries.get_mut(&page).unwrap().0 = EntryKind::Spec;
    forge.refused(&parts, "it is listed as spec and is a page");
    // A receipt that is signed and false, whose output calls itself data.
    let mut claimed = receipt(&forge.lab, &forge.parts.subject);
    claimed.output.table_hash = TableHash::from_bytes([7; 32]);
    let reference = claim(&forge.lab, claimed);
    let out = forge.lab.path("false.veritrail");
    let request = BundleRequest { reference, out: out.clone(), data: DataInside::OutputsOnly };
    forge.lab.node.bundle(request, &Silent).await.unwrap();
    let mut parts = Parts::read(&out);
    let output = parts.name_of(&EntryKind::Output);
    let (_, bytes) = parts.entries.remove(&output).unwrap();
    let data = output.replacen("output", "data", 1);
    parts.entries.insert(data.clone(), (EntryKind::Data, bytes));
    forge.refused(&parts, &format!("{data}: its values have the table hash"));
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_of_another_run_convicts() {
    let forge = Forge::new().await;
    let lab = &forge.lab;
    let other = lab.run("SELECT town, max(mm) AS mm FROM rain GROUP BY town", &["rain=rain"]).await;
    let out = lab.path("other.veritrail");
    let data = DataInside::Whole;
    let request = BundleRequest { reference: other.reference.clone(), out: out.clone(), data };
    lab.node.bundle(request, &Silent).await.unwrap();
    // Whole, true, signed by whom the reader trusts: and not of what the bundle says it is of.
    let swapped = Parts { subject: forge.parts.subject.clone(), ..Parts::read(&out) };
    forge.refused(&swapped, "evidence of something else");
}
