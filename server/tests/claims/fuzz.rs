//! Proof files, CLAIM.toml and the claim language under hostile inputs and mutations
//! (fuzz/harness.rs).

use veritrail_proof::noise::Ask;
use veritrail_proof::statement::Statement;
use veritrail_server::claims::noise::{KeptNonce, Question};
use veritrail_server::claims::{Claim, NoiseFile, ProofFile, ProofFileError, WrittenClaim};

use super::fixture::*;
use super::hospital::*;
use crate::harness::fuzz;

/// A golden file's text.
fn golden(name: &str) -> String {
    let path = format!("{}/../docs/formats/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// Without the digest at the end, which a forger computes anew.
#[test]
fn proof_file() {
    let hex: String = golden("proof-file.hex").split_whitespace().collect();
    let mut content = hex::decode(hex).unwrap();
    content.truncate(content.len() - 32);
    fuzz(concat!(module_path!(), "::proof_file"), &[content], 20_000, |bytes| {
        assert!(matches!(
            ProofFile::decode(bytes),
            Err(ProofFileError::Magic | ProofFileError::Digest)
        ));
        let whole = redigested(bytes.to_vec());
        let Ok(file) = ProofFile::decode(&whole) else { return false };
        assert_eq!(file.encode(), whole);
        if let Ok(statement) = Statement::decode(&file.statement) {
            assert_eq!(statement.encode(), file.statement);
        }
        true
    });
}

/// The same of a noise file, and of the proof file that answers with it.
#[test]
fn noise_file() {
    let seeds = ["noise-file.hex", "proof-noisy-file.hex"].map(|name| {
        let hex: String = golden(name).split_whitespace().collect();
        let mut content = hex::decode(hex).unwrap();
        content.truncate(content.len() - 32);
        content
    });
    fuzz(concat!(module_path!(), "::noise_file"), &seeds, 20_000, |bytes| {
        let whole = redigested(bytes.to_vec());
        if let Ok(file) = ProofFile::decode(&whole) {
            assert_eq!(file.encode(), whole);
            return true;
        }
        let Ok(file) = NoiseFile::decode(&whole) else { return false };
        assert_eq!(file.encode(), whole);
        if let Ok(ask) = Ask::decode(&file.ask) {
            assert_eq!(ask.encode(), file.ask);
        }
        true
    });
}

#[test]
fn question() {
    let body = hospital().checked.body();
    let asked = Question::ask(&super::noisy::asker(), body, &place().origin, &[7; 32]);
    let seeds = [toml::to_string(&asked).unwrap(), toml::to_string(&asked.kept(&[7; 32])).unwrap()];
    let seeds = seeds.map(String::into_bytes);
    fuzz(concat!(module_path!(), "::question"), &seeds, 5_000, |bytes| {
        let Ok(text) = std::str::from_utf8(bytes) else { return false };
        match (Question::parse(text), KeptNonce::parse(text)) {
            (Err(one), Err(other)) => one.to_string().is_empty() || other.to_string().is_empty(),
            _ => true,
        }
    });
}

#[test]
fn written_claim() {
    let seeds = [golden("claim.toml"), "version = 1\nsql = 'select avg(age) from t'".to_owned()];
    let seeds = seeds.map(String::into_bytes);
    fuzz(concat!(module_path!(), "::written_claim"), &seeds, 10_000, |bytes| {
        let Ok(text) = std::str::from_utf8(bytes) else { return false };
        match WrittenClaim::parse(text) {
            Ok(claim) => {
                let _ = Claim::compile(&claim.sql, &schema());
                true
            }
            Err(error) => error.to_string().is_empty(),
        }
    });
}

#[test]
fn claim_text() {
    let seeds = [
        "select avg(age) from t",
        "select count(*), avg(diff_kg), count(diff_kg) -- of women\nfrom t where sex <> 'm'",
        "SELECT grp, sex, Stddev_Pop(age) AS x FROM \"People\" WHERE grp IS NOT NULL and not smoker \
         GROUP BY grp, sex;",
        "select ols(diff_kg, age, cast(smoker as bigint), cast(sex = 'f' as bigint)) from t",
        "select corr(diff_kg, age) from t where sex in ('m') and treated is true /* both */",
    ];
    let seeds = seeds.map(|sql| sql.as_bytes().to_vec());
    fuzz(concat!(module_path!(), "::claim_text"), &seeds, 10_000, |bytes| {
        let Ok(sql) = std::str::from_utf8(bytes) else { return false };
        let schema = schema();
        let claim = match Claim::compile(sql, &schema) {
            Ok(claim) => claim,
            Err(refused) => return refused.to_string().is_empty(),
        };
        // The one text compiles to itself, and what it compiles to has one encoding.
        let again = Claim::compile(claim.text(), &schema).unwrap();
        assert_eq!((again.text(), again.statement()), (claim.text(), claim.statement()));
        claim.statement().check(&schema).unwrap();
        let encoded = claim.statement().encode();
        assert_eq!(Statement::decode(&encoded).as_ref(), Ok(claim.statement()));
        true
    });
}
