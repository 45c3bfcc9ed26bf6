//! Proof files from end to end: what they say, and every lie that a file can hold.

use veritrail_proof::ingest::reopen::ReopenError;
use veritrail_proof::policy::Refusal;
use veritrail_proof::statement::plan::plan;
use veritrail_proof::statement::prove::prove_results;
use veritrail_proof::statement::verify::RefusedStatement;
use veritrail_proof::statement::{Condition, Context, Statement, StatementError};
use veritrail_proof::wire::WireError;
use veritrail_provenance::hash::{ChunkId, LogHash, StatementId};
use veritrail_provenance::statement::{ProofRelease, StatementRef};
use veritrail_server::claims::answers::Value;
use veritrail_server::claims::{
    self, CheckError, LogPlace, ProofFile, ProofFileError, ProveError, open, prove,
};

use super::engine::{ask, told};
use super::fixture::*;
use super::hospital::*;

const CLAIMS: &[&str] = &[
    "select avg(age) from t",
    "select count(*), avg(diff_kg), count(diff_kg), sum(age) from t where smoker",
    "select sex, avg(diff_kg), count(*), var_samp(age) from t group by sex",
    "select grp, count(*) from t group by grp",
    "select grp, sex, avg(age) from t where grp is not null group by grp, sex",
    "select corr(diff_kg, age), regr_slope(diff_kg, age), stddev_pop(diff_kg) from t where sex = 'm'",
    "select ols(diff_kg, age, cast(smoker as bigint), cast(sex = 'f' as bigint)) from t",
    "select count(treated), avg(cast(treated as bigint)) from t where not smoker and sex = 'f'",
    "select count(diff_kg) from t",
    "select sex, count(treated), count(*) from t where treated is not null group by sex",
    "select count(treated), regr_count(age, diff_kg), count(grp) from t",
];

/// Claims with bands.
const BANDS: &[&str] = &[
    "select age >= 40, age >= 65, count(*), avg(diff_kg) from t group by age >= 40, age >= 65",
    "select diff_kg >= -2.5, diff_kg >= 0, diff_kg >= 20, count(*) from t \
     group by diff_kg >= -2.5, diff_kg >= 0, diff_kg >= 20",
    "select sex, age >= 65, age >= 40, stddev_samp(age) from t where smoker \
     group by age >= 65, sex, age >= 40",
    "select avg(age) from t where diff_kg >= 0",
];

#[test]
fn proofs_say_what_the_engine_says() {
    let numbers: usize = CLAIMS.iter().map(|sql| compared(hospital(), sql)).sum();
    assert!(numbers > 30, "{numbers}");
    let numbers: usize = BANDS.iter().map(|sql| compared(clinic(), sql)).sum();
    assert!(numbers > 50, "{numbers}");
}

/// Proves a claim, checks it, and holds what it says against the engine; how many numbers that is.
fn compared(version: &Hospital, sql: &str) -> usize {
    let file = version.proof(sql);
    let bytes = file.encode();
    assert_eq!(ProofFile::decode(&bytes).unwrap(), file);
    let proven = version.check(&bytes).unwrap_or_else(|error| panic!("{sql}: {error}"));
    if sql.contains("ols") {
        assert_eq!(proven.rows()[0].answers.len(), 4 + 3);
        return 0;
    }
    let mut engine = ask(sql, batch(&version.people));
    assert_eq!(proven.rows().len(), engine.len(), "{sql}");
    let mut numbers = 0;
    for row in proven.rows() {
        let told = told(proven.claim(), row);
        let at = engine.iter().position(|other| *other == told);
        let at = at.unwrap_or_else(|| panic!("{sql}: {told:?} {engine:?}"));
        engine.swap_remove(at);
        numbers += told.len();
    }
    numbers
}

#[test]
fn every_byte_that_is_flipped_is_refused() {
    for sql in ["select avg(age) from t", "select count(diff_kg) from t"] {
        flipped_bytes_are_refused(hospital(), &proof(sql));
    }
    flipped_bytes_are_refused(clinic(), &clinic().proof(BANDS[0]));
}

/// Every byte of a file flipped, under the digest of before and under its own.
pub fn flipped_bytes_are_refused(version: &Hospital, file: &ProofFile) {
    let bytes = file.encode();
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        let error = version.check(&flipped).unwrap_err();
        assert!(matches!(error, CheckError::File(_)), "byte {at}: {error}");
    }
    // The same under the digest that a forger computes. A claim that says something else of the same
    // integers is true as well; everything else is refused.
    let content = &bytes[..bytes.len() - 32];
    let text = position(content, file.claim.as_bytes());
    let argument = content.len() - file.argument.len();
    let mut tried = 0;
    for at in (0..argument).chain((argument..content.len()).step_by(13)) {
        let mut flipped = content.to_vec();
        flipped[at] ^= 1 << (at % 8);
        tried += 1;
        match version.check(&redigested(flipped)) {
            Ok(proven) => {
                assert!(text.contains(&at), "byte {at} of {}", content.len());
                assert_eq!(
                    *proven.claim().statement(),
                    Statement::decode(&file.statement).unwrap()
                );
                assert_eq!(proven.statistic().unwrap().results(), file.results);
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    assert!(tried > 400, "{tried}");
}

fn position(content: &[u8], part: &[u8]) -> std::ops::Range<usize> {
    let start = content.windows(part.len()).position(|window| window == part).unwrap();
    start..start + part.len()
}

#[test]
fn a_file_is_bound_to_all_that_it_names() {
    let file = proof(CLAIMS[1]);
    assert!(check_file(&file).is_ok());
    let changed = |change: &dyn Fn(&mut ProofFile)| {
        let mut other = file.clone();
        change(&mut other);
        assert_ne!(other, file);
        check_file(&other).unwrap_err()
    };
    let of_proof = |error: CheckError| matches!(error, CheckError::Refused(_));
    assert_eq!(changed(&|f| f.dataset = other_did()), CheckError::OtherVersion("dataset"));
    assert_eq!(changed(&|f| f.version = 2), CheckError::OtherVersion("number"));
    assert_eq!(changed(&|f| f.body[0] ^= 1), CheckError::OtherVersion("body"));
    let other = |f: &mut ProofFile| f.context.origin = "example.org/other".parse().unwrap();
    assert_eq!(changed(&other), CheckError::OtherPlace("log"));
    assert_eq!(changed(&|f| f.context.index = 4), CheckError::OtherPlace("index"));
    let leaf = |f: &mut ProofFile| f.context.leaf = LogHash::from_bytes([8; 32]);
    assert_eq!(changed(&leaf), CheckError::OtherPlace("leaf"));
    assert!(of_proof(changed(&|f| f.context.predecessor = None)));
    let skipped = StatementId::from_bytes([1; 32]);
    assert!(of_proof(changed(&|f| f.context.predecessor = Some(skipped))));
    assert!(of_proof(changed(&|f| f.context.audience = None)));
    let someone = |f: &mut ProofFile| f.context.audience.as_mut().unwrap().did = did();
    assert!(of_proof(changed(&someone)));
    let replay = |f: &mut ProofFile| f.context.audience.as_mut().unwrap().nonce[31] ^= 1;
    assert!(of_proof(changed(&replay)));
    for at in 0..file.results.len() {
        assert!(of_proof(changed(&|f| f.results[at] += 1)));
        assert!(of_proof(changed(&|f| f.results[at] = f.results[at].wrapping_sub(1))));
    }
    assert!(of_proof(changed(&|f| f.results.truncate(file.results.len() - 1))));
    assert!(of_proof(changed(&|f| f.results.push(0))));
    assert!(of_proof(changed(&|f| f.argument.push(0))));
    assert!(of_proof(changed(&|f| f.argument.truncate(file.argument.len() - 1))));
    assert!(of_proof(changed(&|f| f.argument = proof(CLAIMS[0]).argument)));
}

#[test]
fn a_text_that_is_not_the_statements_is_refused() {
    let file = proof("select avg(diff_kg) from t where smoker");
    let with = |text: &str| {
        let file = ProofFile { claim: text.to_owned(), ..file.clone() };
        check_file(&file).map(|proven| proven.claim().text().to_owned())
    };
    let text = "SELECT avg(diff_kg) FROM t WHERE smoker";
    assert_eq!(with(text).unwrap(), text);
    for decorated in [
        "SELECT avg(diff_kg) AS cured FROM t WHERE smoker",
        "SELECT avg(diff_kg) FROM patients WHERE smoker",
        "SELECT avg(diff_kg) FROM t WHERE smoker -- and nobody died",
        "select avg(diff_kg) FROM t WHERE smoker",
        "SELECT avg(diff_kg)  FROM t WHERE smoker",
        "SELECT avg(diff_kg) FROM t WHERE smoker AND smoker",
        "SELECT avg(diff_kg) FROM t WHERE smoker;",
        "SELECT mean(diff_kg) FROM t WHERE smoker",
    ] {
        assert_eq!(with(decorated).unwrap_err(), CheckError::Text, "{decorated}");
    }
    for other in [
        "SELECT avg(diff_kg) FROM t WHERE NOT smoker",
        "SELECT avg(diff_kg) FROM t WHERE treated",
        "SELECT avg(diff_kg) FROM t",
        "SELECT avg(age) FROM t WHERE smoker",
        "SELECT avg(diff_kg), count(*) FROM t WHERE smoker",
        "SELECT var_samp(diff_kg) FROM t WHERE smoker",
        "SELECT sex, avg(diff_kg) FROM t WHERE smoker GROUP BY sex",
    ] {
        assert_eq!(with(other).unwrap_err(), CheckError::OtherStatement, "{other}");
    }
    for nonsense in ["", "SELECT", "SELECT max(diff_kg) FROM t WHERE smoker"] {
        assert!(matches!(with(nonsense).unwrap_err(), CheckError::Claim(_)), "{nonsense}");
    }
    // Text and statement exchanged for those of another claim: the argument is not about it.
    let other = claim("select avg(diff_kg) from t where not smoker");
    let swapped = ProofFile {
        claim: other.text().to_owned(),
        statement: other.statement().encode(),
        ..file.clone()
    };
    assert!(matches!(check_file(&swapped).unwrap_err(), CheckError::Refused(_)));
    let mut garbled = file.clone();
    garbled.statement.push(0);
    assert!(matches!(check_file(&garbled).unwrap_err(), CheckError::Statement(_)));
}

#[test]
fn layouts_that_the_writer_does_not_write_are_refused() {
    let file = proof("select avg(age) from t");
    let bytes = file.encode();
    let content = &bytes[..bytes.len() - 32];
    let refused = |content: Vec<u8>| {
        let error = ProofFile::decode(&redigested(content)).unwrap_err();
        assert!(matches!(error, ProofFileError::Wire(_) | ProofFileError::Magic), "{error}");
    };
    for cut in 0..content.len() {
        refused(content[..cut].to_vec());
    }
    refused([content, &[0]].concat());
    for cut in 0..32 {
        assert!(ProofFile::decode(&bytes[..cut]).is_err());
    }
    assert_eq!(ProofFile::decode(&[0; 400]), Err(ProofFileError::Magic));
    let noisy = [&b"veritrail-proof/2"[..], &content[17..]].concat();
    assert_eq!(ProofFile::decode(&redigested(noisy)), Err(ProofFileError::Wire(WireError::Length)));
    let later = [&b"veritrail-proof/3"[..], &content[17..]].concat();
    assert_eq!(ProofFile::decode(&redigested(later)), Err(ProofFileError::Magic));
    // Every length is claimed to be huge, and one more than it is.
    let claim = position(content, file.claim.as_bytes()).start - 4;
    let statement = claim + 4 + file.claim.len();
    let results = statement + 4 + file.statement.len();
    let argument = results + 4 + 16 * file.results.len();
    assert_eq!(argument + 4 + file.argument.len(), content.len());
    let origin = position(content, b"example.org/hospital").start - 4;
    for at in [17, origin, claim, statement, results, argument] {
        let length = u32::from_le_bytes(content[at..at + 4].try_into().unwrap());
        for other in [u32::MAX, 1 << 30, 5000, length + 1, length - 1] {
            let mut odd = content.to_vec();
            odd[at..at + 4].copy_from_slice(&other.to_le_bytes());
            refused(odd);
        }
    }
    // A flag that is neither.
    let flag = origin + 4 + 20 + 8 + 32;
    assert_eq!(content[flag], 1);
    let mut odd = content.to_vec();
    odd[flag] = 2;
    refused(odd);
    let mut odd = content.to_vec();
    odd[claim + 4] = 0xff;
    refused(odd);
}

#[test]
fn a_proof_of_one_version_says_nothing_of_another() {
    let bytes = proof(CLAIMS[0]).encode();
    let (_, second) = version(&hospital().people, 2);
    let error = claims::check(&bytes, &second, &place()).unwrap_err();
    assert_eq!(error, CheckError::OtherVersion("number"));
    // The second version under the first one's number: other rows, so another body.
    let fewer = &hospital().people[1..];
    let (_, other) = version(fewer, 1);
    let error = claims::check(&bytes, &other, &place()).unwrap_err();
    assert_eq!(error, CheckError::OtherVersion("body"));
    let elsewhere = LogPlace { index: 4, ..place() };
    let error = claims::check(&bytes, &hospital().checked, &elsewhere).unwrap_err();
    assert_eq!(error, CheckError::OtherPlace("index"));
}

#[test]
fn the_policy_is_applied_by_holder_and_reader() {
    let rare: Vec<Person> = (0..200)
        .map(|at| Person {
            age: 20 + at % 60,
            diff_kg: Some(at % 7),
            grp: Some((at % 3) as u8),
            sex: (at % 2) as u8,
            smoker: at < 4,
            treated: Some(at % 5 == 0),
        })
        .collect();
    let (published, checked) = version(&rare, 1);
    let claim = claim("select count(*) from t where smoker");
    let open = &published.open;
    let refused = prove(open, &place(), &claim, None, None, &ENTROPY).unwrap_err();
    assert_eq!(refused, ProveError::Policy(Refusal::Cell));
    assert!(!refused.to_string().contains('4'), "{refused}");
    // A holder who proves it all the same.
    let LogPlace { origin, index, leaf } = place();
    let context = Context { origin, index, leaf, predecessor: None, audience: None };
    let plan = plan(claim.statement(), &open.body).unwrap();
    let argument = prove_results(open, claim.statement(), &plan, &context, &[4], &ENTROPY).unwrap();
    let file = ProofFile {
        dataset: did(),
        version: 1,
        body: *open.body.hash().as_bytes(),
        context,
        claim: claim.text().to_owned(),
        statement: claim.statement().encode(),
        results: vec![4],
        argument,
        noise: None,
    };
    let error = claims::check(&file.encode(), &checked, &place()).unwrap_err();
    let policy = RefusedStatement::Statement(StatementError::Policy(Refusal::Cell));
    assert_eq!(error, CheckError::Refused(policy));
}

#[test]
fn the_number_of_all_rows_is_not_proven_and_nulls_are_a_group() {
    let open = &hospital().published.open;
    let all = prove(open, &place(), &claim("select count(*) from t"), None, None, &ENTROPY);
    assert!(matches!(all, Err(ProveError::Refused(_))), "{all:?}");
    let proven = check_file(&proof("select grp, count(*) from t group by grp")).unwrap();
    let nulls = hospital().people.iter().filter(|person| person.grp.is_none()).count();
    let last = proven.rows().last().unwrap();
    assert_eq!(last.group, [None]);
    assert_eq!(last.answers[0].value, Value::Whole(nulls as i128));
}

#[test]
fn a_release_in_the_log_is_of_this_file() {
    let proven = check_file(&proof(CLAIMS[0])).unwrap();
    let bytes = proof(CLAIMS[0]).encode();
    let id = StatementId::from_bytes([3; 32]);
    let release = ProofRelease {
        number: 5,
        previous: Some(predecessor()),
        version: StatementRef { origin: place().origin, index: 3, id },
        version_number: 1,
        proof: ChunkId::of(&bytes),
        bytes: bytes.len() as u64,
        noise: None,
        answers: None,
    };
    assert_eq!(proven.check_release(&release), Ok(()));
    let changed = |change: &dyn Fn(&mut ProofRelease)| {
        let mut other = release.clone();
        change(&mut other);
        proven.check_release(&other).unwrap_err()
    };
    assert_eq!(changed(&|r| r.proof = ChunkId::of(b"")), CheckError::OtherRelease("file"));
    assert_eq!(changed(&|r| r.bytes += 1), CheckError::OtherRelease("file"));
    assert_eq!(changed(&|r| r.version_number = 2), CheckError::OtherRelease("version"));
    assert_eq!(changed(&|r| r.version.index = 4), CheckError::OtherRelease("version"));
    let other = |r: &mut ProofRelease| r.version.origin = "example.org/other".parse().unwrap();
    assert_eq!(changed(&other), CheckError::OtherRelease("version"));
    assert_eq!(changed(&|r| r.previous = None), CheckError::OtherRelease("predecessor"));
}

#[test]
fn a_version_is_opened_with_its_own_rows_and_seed_alone() {
    let hospital = hospital();
    let manifest = &hospital.published.manifest;
    let opened = open(manifest, encoded(&hospital.people, &schema()), seed(1)).unwrap();
    let file = prove(&opened, &place(), &claim(CLAIMS[0]), None, None, &ENTROPY).unwrap();
    assert!(check_file(&file).is_ok());
    let mut people = hospital.people.clone();
    people[77].age = if people[77].age == 40 { 41 } else { 40 };
    let differs = |name: &str| Some(ProveError::Rows(ReopenError::OtherRows(name.to_owned())));
    let other = open(manifest, encoded(&people, &schema()), seed(1));
    assert_eq!(other.err(), differs("age"));
    let other = open(manifest, encoded(&hospital.people, &schema()), seed(2));
    assert_eq!(other.err(), differs("age"));
    let cut = open(&manifest[..manifest.len() - 1], encoded(&people, &schema()), seed(1));
    assert!(matches!(cut.err(), Some(ProveError::Manifest(_))));
}

#[test]
fn conditions_are_part_of_what_is_proven() {
    let file = proof("select count(*) from t where smoker");
    let mut other = Statement::decode(&file.statement).unwrap();
    other.conditions = vec![Condition::False(4)];
    let forged = ProofFile { statement: other.encode(), ..file };
    assert_eq!(check_file(&forged).unwrap_err(), CheckError::OtherStatement);
}
