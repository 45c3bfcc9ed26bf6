//! A version that was published privately, and proof files over it.

use std::sync::OnceLock;

use veritrail_proof::commit::blinds::VersionSeed;
use veritrail_proof::ingest::{Checked, Published, check, publish};
use veritrail_proof::policy::Policy;
use veritrail_proof::schema::Schema;
use veritrail_proof::statement::Audience;
use veritrail_proof::transcript::Entropy;
use veritrail_provenance::hash::{ChunkId, LogHash, StatementId};
use veritrail_server::claims::{self, CheckError, Claim, LogPlace, ProofFile, Proven, prove};

use super::fixture::*;

pub const ENTROPY: Entropy = Entropy([42; 32]);

pub struct Hospital {
    pub people: Vec<Person>,
    pub published: Published,
    pub checked: Checked,
}

pub fn seed(version: u64) -> VersionSeed {
    VersionSeed::derive(&[7; 32], &did(), version)
}

pub fn version(people: &[Person], number: u64) -> (Published, Checked) {
    version_of(people, &schema(), number)
}

pub fn version_of(people: &[Person], schema: &Schema, number: u64) -> (Published, Checked) {
    let columns = encoded(people, schema);
    let published =
        publish(&did(), number, Policy::default(), columns, seed(number), &ENTROPY).unwrap();
    let checked = check(&published.manifest).unwrap();
    (published, checked)
}

/// 400 people, of whom some are of no known group.
pub fn hospital() -> &'static Hospital {
    static MADE: OnceLock<Hospital> = OnceLock::new();
    MADE.get_or_init(|| {
        let people = people(400, 12);
        let (published, checked) = version(&people, 1);
        Hospital { people, published, checked }
    })
}

/// More people, whose numbers have thresholds.
pub fn clinic() -> &'static Hospital {
    static MADE: OnceLock<Hospital> = OnceLock::new();
    MADE.get_or_init(|| {
        let people = people(1200, 12);
        let (published, checked) = version_of(&people, &banded(), 1);
        Hospital { people, published, checked }
    })
}

/// People of whom few are of group c, and few are 65 or older.
pub fn village() -> &'static Hospital {
    static MADE: OnceLock<Hospital> = OnceLock::new();
    MADE.get_or_init(|| {
        let mut people = people(400, 12);
        for (at, person) in people.iter_mut().enumerate() {
            person.grp = person.grp.map(|_| match at % 100 {
                0 => 2,
                1..20 => 1,
                _ => 0,
            });
            if person.age >= 65 && at % 60 != 0 {
                person.age -= 40;
            }
        }
        let (published, checked) = version_of(&people, &banded(), 1);
        Hospital { people, published, checked }
    })
}

pub fn place() -> LogPlace {
    LogPlace {
        origin: "example.org/hospital".parse().unwrap(),
        index: 3,
        leaf: LogHash::from_bytes([9; 32]),
    }
}

pub fn audience() -> Audience {
    Audience { did: other_did(), nonce: [0x5a; 32] }
}

pub fn predecessor() -> StatementId {
    StatementId::from_bytes([13; 32])
}

pub fn claim(sql: &str) -> Claim {
    Claim::compile(sql, &schema()).unwrap_or_else(|refused| panic!("{sql}: {refused}"))
}

/// A proof of a claim, as the release after another one, for somebody who asked.
pub fn proof(sql: &str) -> ProofFile {
    hospital().proof(sql)
}

impl Hospital {
    /// The same over this version.
    pub fn proof(&self, sql: &str) -> ProofFile {
        let open = &self.published.open;
        let claim = Claim::compile(sql, &open.body.schema);
        let claim = claim.unwrap_or_else(|refused| panic!("{sql}: {refused}"));
        prove(open, &place(), &claim, Some(predecessor()), Some(audience()), &ENTROPY)
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    pub fn check(&self, bytes: &[u8]) -> Result<Proven, CheckError> {
        claims::check(bytes, &self.checked, &place())
    }
}

pub fn check_bytes(bytes: &[u8]) -> Result<Proven, CheckError> {
    hospital().check(bytes)
}

pub fn check_file(file: &ProofFile) -> Result<Proven, CheckError> {
    check_bytes(&file.encode())
}

/// The same content under the digest that it would have.
pub fn redigested(mut content: Vec<u8>) -> Vec<u8> {
    let digest = ChunkId::of(&content);
    content.extend_from_slice(digest.as_bytes());
    content
}
