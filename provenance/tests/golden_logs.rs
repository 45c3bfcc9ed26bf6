//! Golden files of logs, the ledger, evidence and trust: written here byte for byte, and read back.

use veritrail_provenance::evidence::{
    Conclusion, Evidence, EvidenceRequest, InconsistentPair, check, verify,
};
use veritrail_provenance::ledger::{Table, View};
use veritrail_provenance::lineage::{Subject, walk};
use veritrail_provenance::log::checkpoint::Checkpoint;
use veritrail_provenance::log::entries::{frame, unframe};
use veritrail_provenance::log::note::VKey;
use veritrail_provenance::log::proof::{TlogProof, inclusion};
use veritrail_provenance::log::tile::{EntriesPath, LogPath, TilePath};
use veritrail_provenance::trust::{TrustFile, TrustRoots, TrustSource};

use crate::golden::{golden, hex_lines, unhex};
use crate::trails::{DETAILS, Data, Log, SPEC, did, folded, needed, receipt, verdict};
use crate::trees;

const LAB: &str = "example.org/lab";

/// A lab publishes, a user runs it, the lab judges: two logs of two people.
struct Story {
    lab: Log,
    user: Log,
    blobs: Vec<Vec<u8>>,
    subject: Subject,
}

fn story() -> Story {
    let (mut lab, mut user) = (Log::new(LAB, 1), Log::new("example.org/user", 2));
    let (data, output) = (Data::new(b"day,mm\n1,3\n"), Data::new(b"mean\n3\n"));
    lab.genesis(4, &[1]);
    let version = lab.version(1, 4, data.version(1, None));
    let run = user.receipt(2, receipt(2, &data, Some(version), &output));
    lab.verdict(1, verdict(1, &run));
    let blobs = vec![data.manifest, output.manifest, SPEC.to_vec(), DETAILS.to_vec()];
    Story { lab, user, blobs, subject: Subject::Run(run.id) }
}

#[test]
fn a_log_of_ours() {
    let lab = story().lab;
    let note = String::from_utf8(lab.note(4)).unwrap();
    let note = golden("log-checkpoint.txt", &note);
    let vkey: VKey = golden("log-vkey.txt", &format!("{}\n", lab.vkey())).trim().parse().unwrap();
    let (checkpoint, _) = Checkpoint::open(note.as_bytes(), std::slice::from_ref(&vkey)).unwrap();
    assert_eq!(checkpoint, lab.checkpoint(4));
    let bundle = golden("log-entries.hex", &hex_lines(&frame(&lab.entries).unwrap()));
    assert_eq!(unframe(&unhex(&bundle), 4).unwrap(), lab.entries);
    let proof = TlogProof {
        extra: None,
        index: 2,
        proof: inclusion(&mut trees::reader(&lab.entries), 2, 4).unwrap(),
        checkpoint: checkpoint.sign(&crate::trails::signer(lab.key)).unwrap(),
    };
    let proof: TlogProof = golden("log-proof.txt", &proof.to_string()).parse().unwrap();
    proof.verify(&lab.entries[2], &[vkey]).unwrap();
}

#[test]
fn paths_of_a_log() {
    let tile = |level, index, width| LogPath::Tile(TilePath::new(level, index, width).unwrap());
    let entries = |index, width| LogPath::Entries(EntriesPath::new(index, width).unwrap());
    let paths = [
        LogPath::Checkpoint,
        tile(0, 0, 256),
        tile(0, 1_234_067, 256),
        tile(0, 1_067, 5),
        tile(7, 0, 1),
        entries(0, 4),
        entries(1_000, 256),
    ];
    let text: String = paths.iter().map(|path| format!("{path}\n")).collect();
    let text = golden("log-paths.txt", &text);
    let read: Vec<LogPath> = text.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(read, paths);
}

#[test]
fn a_ledger() {
    let Story { lab, user, .. } = story();
    let state = folded(&[&lab, &user]);
    let mut rows = String::new();
    for table in Table::ALL {
        for (key, value) in state.scan(table, &[]).unwrap() {
            let value = String::from_utf8(value).unwrap();
            rows += &format!("{} {} {value}\n", table.number(), hex::encode(key));
        }
    }
    golden("ledger-rows.txt", &rows);
    golden("ledger-digest.txt", &format!("{}\n", state.digest()));
}

#[test]
fn evidence_and_requests() {
    let Story { lab, user, blobs, subject } = story();
    let logs = [&lab, &user];
    let mut evidence = needed(&walk(&folded(&logs), &subject).unwrap(), &logs, &blobs);
    evidence.logs[0].consistency = lab.evidence([0], &[1, 3]).consistency;
    let text = golden("evidence.hex", &hex_lines(&evidence.encode().unwrap()));
    let read = Evidence::decode(&unhex(&text)).unwrap();
    assert_eq!(read, evidence);
    let trust = [1, 2].iter().fold(TrustRoots::none(), |roots, n| {
        roots.with_signer(did(*n), None, TrustSource::TrustFile)
    });
    assert_eq!(verify(&read, &trust, &[lab.head(3)], &subject).conclusion(), Conclusion::Verified);
    assert_eq!(check(&read, &trust, &[]).conclusion(), Conclusion::Verified);
    let known = vec![(lab.origin.clone(), 1), (lab.origin.clone(), 3)];
    let request = EvidenceRequest { reference: format!("{LAB}#2"), known };
    let text = golden("evidence-request.hex", &hex_lines(&request.encode().unwrap()));
    assert_eq!(EvidenceRequest::decode(&unhex(&text)).unwrap(), request);
}

#[test]
fn a_pair_that_convicts_a_log() {
    let lab = story().lab;
    let mut rewritten = Log::new(LAB, 1);
    rewritten.genesis(5, &[1]);
    rewritten.genesis(6, &[1]);
    let pair = InconsistentPair {
        origin: lab.origin.clone(),
        first: rewritten.note(3),
        second: lab.note(4),
        link: Some(lab.evidence([0], &[3]).consistency.remove(0)),
    };
    let text = golden("evidence-pair.hex", &hex_lines(&pair.encode()));
    let read = InconsistentPair::decode(&unhex(&text)).unwrap();
    assert_eq!(read, pair);
    read.check(&[lab.vkey()]).unwrap();
}

#[test]
fn a_trust_file() {
    let lab = story().lab;
    let genesis = "5a".repeat(32);
    let text = format!(
        "version = 1\n\n[[signer]]\ndid = \"{}\"\n\n[[signer]]\ndid = \"{}\"\ngenesis = \
         \"{genesis}\"\n\n[[log]]\norigin = \"{LAB}\"\nvkeys = [\"{}\"]\n",
        did(1),
        did(4),
        lab.vkey()
    );
    let file: TrustFile = toml::from_str(&golden("trust.toml", &text)).unwrap();
    assert_eq!((file.signer.len(), file.log.len()), (2, 1));
    let roots = file.roots(TrustSource::TrustFile).unwrap();
    assert_eq!(roots.log_keys(&lab.origin).count(), 1);
    let again: TrustFile = toml::from_str(&toml::to_string(&file).unwrap()).unwrap();
    assert_eq!(again, file);
    for wrong in ["quorum = 2\n", "[witness]\n", "[[signer]]\ndid = \"x\"\n"] {
        assert!(toml::from_str::<TrustFile>(&format!("version = 1\n{wrong}")).is_err(), "{wrong}");
    }
}
